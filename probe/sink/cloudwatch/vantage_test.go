package cloudwatch

import (
	"fmt"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Each vantage has metrics of its own, and those without the dimension, on which
// alarms stand, have the samples of all. What a vantage says of itself counts for
// it alone.
func TestVantages(t *testing.T) {
	s := New(Options{Event: "e"})
	at := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	sample := func(m *probe.Metric, vantage string, v float64) probe.Sample {
		return probe.Sample{Metric: m, Vantage: vantage, Value: v, At: at}
	}
	age := func(vantage string, v float64) probe.Sample {
		one := sample(probe.ManifestAge, vantage, v)
		one.Stream, one.Side = "main", probe.Edge
		return one
	}
	write(t, s, age("eu", 2), age("us", 9), sample(probe.MonitorHeartbeat, "eu", 1), sample(probe.MonitorHeartbeat, "", 1))
	got := map[string]string{}
	for _, of := range s.fresh {
		found := merging{}
		for _, list := range of {
			found.note(list)
		}
		for _, one := range found.series() {
			got[fmt.Sprint(one.Metric, pairs("e", &one))] = fmt.Sprint(one.Values)
		}
	}
	for name, want := range map[string]string{
		"ManifestAgeSeconds[[Event e] [Stream main] [Side edge] [Vantage eu]]": "[2]",
		"ManifestAgeSeconds[[Event e] [Stream main] [Side edge] [Vantage us]]": "[9]",
		"ManifestAgeSeconds[[Event e] [Stream main] [Side edge]]":              "[2 9]",
		"MonitorHeartbeat[[Event e] [Vantage eu]]":                             "[1]",
		"MonitorHeartbeat[[Event e]]":                                          "[1]",
	} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d metrics: %v", len(got), got)
	}
}
