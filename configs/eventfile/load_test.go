package eventfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// reader reads event files in an empty folder, with one variable.
func reader(t *testing.T, stdin string) *Reader {
	t.Helper()
	t.Chdir(t.TempDir())
	env := func(name string) (string, bool) { return "hunter2", name == "SECRET" }
	return &Reader{Stdin: strings.NewReader(stdin), Env: env, Secrets: new(fetch.Secrets)}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const smallest = `event: concert
origin: {url: "http://o.example", headers: {X-Verify: "${SECRET}"}}
distribution: {existing: {url: "https://e.example"}}
streams: [{name: main, manifest: /m.m3u8}]
`

// What only the player, the stack, the alarms or a receiver would refuse has its
// place in the file, like all else.
func TestProblemsOfEveryRoom(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"player": {smallest + "player: {title: \"two\\tcolumns\"}\n", "event.yaml:5:17: player.title"},
		"receiver": {
			smallest + "notify: {webhooks: [{url_file: gone.txt}]}\n",
			"event.yaml:5:32: notify.webhooks[0].url_file names a file that does not exist",
		},
		"fleet": {
			smallest + "fleet: {nats: [\"tls://n\"], credentials_file: gone.creds, tls: {ca_file: event.yaml}}\n",
			"event.yaml:5:46: fleet.credentials_file names a file that does not exist\n  hint: its path counts",
		},
		"key": {
			strings.Replace(smallest, "e.example\"", "e.example\", sign: {key_pair_id: K1, private_key_file: gone.pem}", 1),
			"event.yaml:3:95: distribution.existing.sign.private_key_file",
		},
		"stack": {
			strings.Replace(smallest, "existing: {url: \"https://e.example\"}", "cloudformation: {stack_policy: gone.json}", 1),
			"event.yaml:3:47: distribution.cloudformation.stack_policy: open",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := reader(t, "")
			write(t, "event.yaml", c.text)
			_, err := r.Load("event.yaml")
			if _, ok := errors.AsType[*configs.Problems](err); !ok || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// Files that an event names count from its own folder, and its secrets are known
// from then on.
func TestLoad(t *testing.T) {
	r := reader(t, "")
	write(t, "events/hook.txt", "https://hooks.example/T000/B111/c2VjcmV0c2VjcmV0\n")
	write(t, "events/event.yaml", smallest+"notify: {webhooks: [{url_file: hook.txt, format: slack}]}\n")
	event, err := r.Load("events/event.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if list := Receivers(event); len(list) != 1 || list[0].Name != "webhook-1" ||
		!strings.HasPrefix(list[0].URL, "https://hooks.example/") {
		t.Errorf("%+v", list)
	}
	if shown := r.Secrets.Mask("hunter2 c2VjcmV0c2VjcmV0"); strings.Contains(shown, "hunter2") ||
		strings.Contains(shown, "c2Vj") {
		t.Errorf("a secret is shown: %s", shown)
	}
	if got := MonitorOptions(event, "https://e.example", nil).Headers["X-Verify"]; got != "hunter2" {
		t.Errorf("header %q", got)
	}
}

// An event may come from standard input, once.
func TestStandardInput(t *testing.T) {
	r := reader(t, smallest)
	if event, err := r.Load(StandardInput); err != nil || event.Event != "concert" {
		t.Fatalf("%+v, %v", event, err)
	}
	if _, err := r.Again(StandardInput); !probe.IsUsage(err) {
		t.Errorf("read again: %v", err)
	}
	if _, err := r.Load("gone.yaml"); !probe.IsUsage(err) || probe.HintOf(err) == "" {
		t.Errorf("a file that is not there: %v", err)
	}
	_, err := r.Again("gone.yaml")
	if hint := probe.HintOf(err); !probe.IsUsage(err) || hint != "the event goes on as it was; put the file back" {
		t.Errorf("a file that is gone: %v, hint %q", err, hint)
	}
	if !IsEvent("# mine\nevent: a\n") || IsEvent("\ufeff#EXTM3U\nevent: a\n") {
		t.Error("what is an event")
	}
}

// Where a container gets no files the text of an event is a variable.
func TestVariable(t *testing.T) {
	r := reader(t, "")
	plain := r.Env
	r.Env = func(name string) (string, bool) {
		if name == "EVENT" {
			return smallest, true
		}
		return plain(name)
	}
	if event, err := r.Load("env:EVENT"); err != nil || event.Event != "concert" {
		t.Fatalf("%+v, %v", event, err)
	}
	if _, err := r.Again("env:EVENT"); !probe.IsUsage(err) || !strings.Contains(err.Error(), "env:EVENT") {
		t.Errorf("read again: %v", err)
	}
	if _, err := r.Load("env:OTHER"); !probe.IsUsage(err) || !strings.Contains(err.Error(), "OTHER is not set") ||
		probe.HintOf(err) == "" {
		t.Errorf("a variable that is not set: %v, hint %q", err, probe.HintOf(err))
	}
	r.Env = func(string) (string, bool) { return "event: concert\nstream: []\n", true }
	if _, err := r.Load("env:EVENT"); err == nil || !strings.Contains(err.Error(), "env:EVENT:2:1: unknown key") {
		t.Errorf("a mistake: %v", err)
	}
}

// What is valid and will surprise is said by its place.
func TestWarnings(t *testing.T) {
	r := reader(t, smallest+"notify: {pagerduty: [{routing_key: short}]}\n")
	event, err := r.Load(StandardInput)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, w := range Warnings(event) {
		paths = append(paths, w.Path)
	}
	if got := strings.Join(paths, " "); got != "notify.pagerduty[0].routing_key monitor.public_url" {
		t.Errorf("warnings at %s", got)
	}
}
