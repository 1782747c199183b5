package dashboards

import (
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Each vantage has a heartbeat of its own, and nothing else changes.
func TestAlarmsOfVantages(t *testing.T) {
	o := concert()
	one, _ := Alarms(o)
	o.Vantages = []string{"eu-west-1", "us-east-1"}
	two, _ := Alarms(o)
	if len(two) != len(one)+2 {
		t.Fatalf("%d alarms, with one place %d", len(two), len(one))
	}
	parts, err := Resources(o)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(parts.Resources["HeartbeatOfeuXwestX1"]); !strings.Contains(
		text,
		`{"Name":"Vantage","Value":"eu-west-1"}`,
	) {
		t.Errorf("%s", text)
	}
	b := NewBoard(o, 0)
	now := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	for at := now.Add(-10 * time.Minute); at.Before(now); at = at.Add(10 * time.Second) {
		b.Add(
			[]probe.Sample{
				{Metric: probe.MonitorHeartbeat, Value: 1, At: at},
				{Metric: probe.MonitorHeartbeat, Vantage: "us-east-1", Value: 1, At: at},
			},
		)
	}
	states := b.Evaluate(now)
	if states["heartbeat"] != Fine || states["heartbeat-us-east-1"] != Fine ||
		states["heartbeat-eu-west-1"] != InAlarm {
		t.Errorf("%v", states)
	}
	more := 2 // heartbeats
	for _, m := range probe.Catalog() {
		for _, s := range o.Streams {
			if m.OfVantage() {
				more += 2 * (Stream{Name: s.Name}).dimensionSets(m, &Options{})
			}
		}
	}
	if got := MetricCount(o) - MetricCount(concert()); got != more {
		t.Errorf("%d more metrics, want %d", got, more)
	}
}
