package dashboards

import (
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// Both dashboards show every metric of viewers, CloudWatch's only where they are
// put; no alarm depends on one.
func TestViewersAreShown(t *testing.T) {
	o := concert()
	without, err := Dashboard(o)
	if err != nil {
		t.Fatal(err)
	}
	o.Viewers = true
	with, err := Dashboard(o)
	if err != nil {
		t.Fatal(err)
	}
	grafana, err := Grafana()
	if err != nil {
		t.Fatal(err)
	}
	parts, err := Resources(o)
	if err != nil {
		t.Fatal(err)
	}
	delete(parts.Resources, dashboardID)
	alarms, err := encode(parts.Resources, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range probe.Catalog() {
		if m.Scope != probe.ByViewer {
			continue
		}
		name := `"` + m.Name + `"`
		if strings.Contains(string(without), name) || !strings.Contains(string(with), name) {
			t.Errorf("%s is on the dashboard without viewers, or is not with them", m.Name)
		}
		if strings.Contains(string(alarms), name) {
			t.Errorf("an alarm depends on %s", m.Name)
		}
		if !strings.Contains(string(grafana), prometheusName(m)) {
			t.Errorf("%s is not in Grafana", m.Prometheus)
		}
	}
}
