package dashboards

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// concert is the event of the golden files.
func concert() Options {
	return Options{
		Event: "autumn-concert", Distribution: true, Additional: true, Email: []string{"ops@example.com"},
		Streams: []Stream{
			{Name: "main", TargetDuration: 6 * time.Second, Renditions: 3},
			{Name: "sign-language", TargetDuration: 4 * time.Second},
		},
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is made now: run `make golden` and review the diff", path)
	}
}

func TestResources(t *testing.T) {
	parts, err := Resources(concert())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(parts, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/resources.json", append(text, '\n'))
}

// Fn::Sub takes every ${…} for its own.
func TestDashboardHasKnownPlaceholdersOnly(t *testing.T) {
	parts, err := Resources(concert())
	if err != nil {
		t.Fatal(err)
	}
	body, err := Dashboard(concert())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\$\{([^}]*)\}`).FindAllStringSubmatch(string(body), -1) {
		id, _, _ := strings.Cut(m[1], ".")
		if _, made := parts.Resources[id]; !made && id != "Distribution" {
			t.Errorf("placeholder %s is neither a resource of ours nor the distribution", m[0])
		}
	}
	var parsed struct {
		Widgets []struct {
			X, Y, Width, Height int
		}
	}
	if err := json.Unmarshal(body, &parsed); err != nil {
		t.Fatal(err)
	}
	taken := map[[2]int]bool{}
	for _, w := range parsed.Widgets {
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				if x >= 24 || taken[[2]int{x, y}] {
					t.Fatalf("widget at %d,%d overlaps another or leaves the grid", w.X, w.Y)
				}
				taken[[2]int{x, y}] = true
			}
		}
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/dashboard.json", append(indented.Bytes(), '\n'))
}

func TestGrafana(t *testing.T) {
	text, err := Grafana()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "grafana.json", text)
}

// Every metric that the files ask Prometheus for is one that we show there.
func TestPrometheusNamesAreOurs(t *testing.T) {
	grafana, err := Grafana()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, f := range probe.Families() {
		known[ours(f.Prometheus)], known[ours(f.Prometheus)+"_bucket"] = true, true
	}
	for _, m := range probe.Catalog() {
		known[prometheusName(m)] = true
		if m.Scope == probe.ByViewer && !m.Total() {
			known[prometheusName(m)+"_bucket"] = true
		}
	}
	for _, text := range [][]byte{grafana, PrometheusRules(concert())} {
		for _, name := range regexp.MustCompile(`streamwatch_[a-z_]+`).FindAll(text, -1) {
			if !known[string(name)] {
				t.Errorf("%s is no metric of ours", name)
			}
		}
	}
}

func TestPrometheusRules(t *testing.T) {
	golden(t, "prometheus.rules.yaml", PrometheusRules(Options{}))
	golden(t, "testdata/concert.rules.yaml", PrometheusRules(concert()))
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("promtool is missing: install Debian's package prometheus")
		}
		t.Skip("promtool is missing (Debian's package prometheus)")
	}
	for _, args := range [][]string{
		{"check", "rules", "prometheus.rules.yaml", filepath.Join("testdata", "concert.rules.yaml")},
		{"test", "rules", filepath.Join("testdata", "rules_test.yaml")},
	} {
		if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// Each alert leads to an entry that says what to do about it.
func TestAlertsAreExplained(t *testing.T) {
	page, err := os.ReadFile("../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := string(PrometheusRules(Options{})) + string(PrometheusRules(concert()))
	for _, m := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(rules, -1) {
		if !strings.Contains(string(page), "\n## "+m[1]+"\n") {
			t.Errorf("docs/alerts.md has no entry %s", m[1])
		}
		if link := "docs/alerts.md#" + strings.ToLower(m[1]) + "\n"; !strings.Contains(rules, link) {
			t.Errorf("%s has no runbook_url", m[1])
		}
	}
}

func TestLimits(t *testing.T) {
	o := concert()
	o.Streams = nil
	for i := range 40 {
		o.Streams = append(o.Streams, Stream{Name: fmt.Sprintf("s%d", i)})
	}
	if _, err := Resources(o); err == nil || !strings.Contains(err.Error(), "CloudWatch takes 100") {
		t.Errorf("a rule over 200 alarms was accepted: %v", err)
	}
	o = concert()
	o.Notify = []string{"arn:1", "arn:2", "arn:3", "arn:4", "arn:5"}
	if _, err := Resources(o); err == nil {
		t.Error("six actions were accepted")
	}
}

func TestNotifyWithoutTopic(t *testing.T) {
	o := concert()
	o.Email, o.Notify = nil, []string{"arn:aws:sns:us-east-1:123456789012:ops"}
	parts, err := Resources(o)
	if err != nil {
		t.Fatal(err)
	}
	if parts.Resources[topicID] != nil || parts.Outputs["AlertTopicArn"] != nil {
		t.Error("a topic was made beside the given one")
	}
	if !strings.Contains(string(parts.Resources["ViewerImpact"]), o.Notify[0]) {
		t.Error("the given topic is not told")
	}
}

func TestLogicalIDs(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"ab", "a-b", "a--b", "-ab", "ab-", "axb"} {
		id := logicalID("edge-stale", name)
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q are both %s", name, other, id)
		}
		if !regexp.MustCompile(`^[A-Za-z0-9]+$`).MatchString(id) {
			t.Errorf("%s is no logical id", id)
		}
		seen[id] = name
	}
}

// The alarms that the monitor switches on are those that have actions.
func TestAlarmNames(t *testing.T) {
	parts, err := Resources(concert())
	if err != nil {
		t.Fatal(err)
	}
	var with []string
	for _, text := range parts.Resources {
		var r struct {
			Properties struct {
				AlarmName      map[string]string
				ActionsEnabled *bool
				AlarmActions   []any
			}
		}
		if json.Unmarshal(text, &r) != nil || len(r.Properties.AlarmActions) == 0 {
			continue
		}
		if r.Properties.ActionsEnabled == nil || *r.Properties.ActionsEnabled {
			t.Errorf("%v wakes people before the event", r.Properties.AlarmName)
		}
		with = append(with, strings.ReplaceAll(r.Properties.AlarmName["Fn::Sub"], "${AWS::StackName}", "stack"))
	}
	slices.Sort(with)
	var names []string
	for _, a := range ActionedAlarms("stack", concert()) {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	if !slices.Equal(with, names) || len(names) != 3 {
		t.Errorf("with actions: %v, switched: %v", with, names)
	}
}
