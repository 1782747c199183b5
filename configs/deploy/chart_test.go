package deploy_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

const chart = "helm/streamwatch"

// examples are the values that the chart comes with; those of the first two are
// the plain manifests too.
var examples = map[string]string{
	"run": "kubernetes.yaml", "fleet": "kubernetes-fleet.yaml", "agents": "", "embedded": "",
}

// template renders the chart.
func template(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	args = append([]string{"template", "streamwatch", chart, "--kube-version", "1.37.0"}, args...)
	return run(t, had(t, helm), args...)
}

// The chart is sound for each of its examples, the plain manifests are what it
// makes of them, and Kubernetes takes the result.
func TestChart(t *testing.T) {
	t.Parallel()
	validator, err := exec.LookPath(cmp.Or(os.Getenv("KUBERNETES_VALIDATE"), "kubernetes-validate"))
	if err != nil {
		skip(t, "kubernetes-validate is not installed (pip install kubernetes-validate, or KUBERNETES_VALIDATE=path)")
	}
	var files []string
	for name, plain := range examples {
		values := "helm/" + name + ".yaml"
		if out, errs, err := run(t, had(t, helm), "lint", "--strict", chart, "-f", values); err != nil {
			t.Errorf("%s: %v\n%s%s", values, err, out, errs)
		}
		made, errs, err := template(t, "-f", values)
		if err != nil {
			t.Errorf("%s: %v\n%s", values, err, errs)
			continue
		}
		if plain != "" {
			golden(t, plain, manifest(values, made))
		}
		runs(t, name, made)
		file := filepath.Join(t.TempDir(), name+".yaml")
		if err := os.WriteFile(file, []byte(made), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	for _, version := range []string{"1.27", "1.37"} { // the oldest that the chart takes, and the newest
		args := append([]string{"--strict", "--quiet", "-k", version}, files...)
		if out, err := exec.CommandContext(t.Context(), validator, args...).CombinedOutput(); err != nil {
			t.Errorf("Kubernetes %s: %v\n%s", version, err, out)
		}
	}
}

// ofHelm are lines that are only true of what Helm has installed.
var ofHelm = regexp.MustCompile(`(?m)^ *(app.kubernetes.io/managed-by|helm.sh/chart): .*\n`)

// manifest is what the chart makes for people without Helm: the comments of the
// values say what to do first.
func manifest(values, made string) string {
	text, err := os.ReadFile(values)
	if err != nil {
		return err.Error()
	}
	var head strings.Builder
	head.WriteString("# Rendered by `go test ./configs/deploy -update` from the chart in helm/streamwatch\n" +
		"# and " + values + ".\n")
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		head.WriteString(line)
	}
	return head.String() + ofHelm.ReplaceAllString(made, "")
}

// object is as much of a manifest as the tests look at.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		Template struct {
			Spec struct {
				SecurityContext map[string]any `yaml:"securityContext"`
				Containers      []struct {
					SecurityContext map[string]any `yaml:"securityContext"`
				}
			}
		}
	}
}

func objects(t *testing.T, text string) []object {
	t.Helper()
	var list []object
	for dec := yaml.NewDecoder(strings.NewReader(text)); ; {
		var o object
		if dec.Decode(&o) != nil {
			return list
		}
		list = append(list, o)
	}
}

// mounted are the files that a pod finds in its Secrets.
var mounted = regexp.MustCompile(`/secrets/[\w./-]+`)

// runs requires that the event of an example is one that streamwatch takes, word for
// word but for files that only a pod has, and that every container runs without rights
// and without a disk but its data.
func runs(t *testing.T, name, made string) {
	t.Helper()
	env := func(string) (string, bool) { return "nats://user:hunter2hunter2@nats.default.svc:4222", true }
	events, containers, file := 0, 0, filepath.Join(t.TempDir(), "mounted")
	if err := os.WriteFile(file, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range objects(t, made) {
		if text, ok := o.Data["event.yaml"]; ok {
			events++
			text = mounted.ReplaceAllString(text, file)
			reader := eventfile.Reader{Stdin: strings.NewReader(text), Env: env, Secrets: new(fetch.Secrets)}
			if _, err := reader.Load(eventfile.StandardInput); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		pod := o.Spec.Template.Spec
		for _, c := range pod.Containers {
			containers++
			if pod.SecurityContext["runAsNonRoot"] != true || c.SecurityContext["readOnlyRootFilesystem"] != true ||
				c.SecurityContext["allowPrivilegeEscalation"] != false {
				t.Errorf("%s: %s %s has rights", name, o.Kind, o.Metadata.Name)
			}
		}
	}
	if containers == 0 || events == 0 && name != "agents" {
		t.Errorf("%s: %d containers, %d events", name, containers, events)
	}
}

// What cannot work is an error of helm, and not a pod that starts again and again.
func TestChartRefuses(t *testing.T) {
	t.Parallel()
	const event = "event: e\nmonitor: {listen: \"0.0.0.0:8090\"}\noutput: /data\n"
	for want, c := range map[string]struct {
		event string
		args  []string
	}{
		"give the event file with --set-file":         {"", nil},
		"event cannot be read":                        {"event: [\n", nil},
		"monitor.listen must be 0.0.0.0:8090":         {strings.Replace(event, "0.0.0.0", "127.0.0.1", 1), nil},
		"output must be /data":                        {strings.Replace(event, "/data", "streamwatch-out", 1), nil},
		"two monitors report every incident twice":    {event, []string{"--set", "replicas=2"}},
		"several hubs need fleet.nats":                {event, []string{"--set", "replicas=2,mode=hub"}},
		"a hub needs fleet.nats, or fleet.listen":     {event, []string{"--set", "mode=hub"}},
		"agents.join is empty":                        {"", []string{"--set", "mode=agent,agents.vantages[0].name=eu"}},
		"agents.vantages is empty":                    {"", []string{"--set", "mode=agent"}},
		"additional properties 'replica' not allowed": {event, []string{"--set", "replica=2"}},
		"restartOnChange must be false": {
			event + "fleet: {nats: [\"nats://n:4222\"]}\n", []string{"--set", "replicas=2,mode=hub"},
		},
	} {
		file := filepath.Join(t.TempDir(), "event.yaml")
		if err := os.WriteFile(file, []byte(c.event), 0o600); err != nil {
			t.Fatal(err)
		}
		out, errs, err := template(t, append([]string{"--set-file", "event=" + file}, c.args...)...)
		if err == nil || !strings.Contains(errs, want) {
			t.Errorf("want %q: %v\n%s%s", want, err, out, errs)
		}
	}
}
