package prom

import (
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// A hub's metrics say from which vantage they are; what is the event's own has no
// such label, and one process alone knows none.
func TestVantages(t *testing.T) {
	of := func(fleet bool) string {
		s := New(Options{Event: "concert", Fleet: fleet})
		b := probe.Batch{
			At:      start,
			Event:   "concert",
			Samples: []probe.Sample{{Metric: probe.MonitorHeartbeat, Value: 1, At: start}},
		}
		for _, v := range []string{"eu", "us"} {
			b.Samples = append(b.Samples, probe.Sample{
				Metric: probe.ManifestAge, Stream: "main", Rendition: "720p", Side: probe.Edge, Vantage: v, Value: 2, At: start,
			})
		}
		write(t, s, b)
		return scrape(t, s)
	}
	text := of(true)
	for _, want := range []string{
		`streamwatch_manifest_age_seconds{event="concert",rendition="720p",side="edge",stream="main",vantage="eu"} 2`,
		`streamwatch_manifest_age_seconds{event="concert",rendition="720p",side="edge",stream="main",vantage="us"} 2`,
		`streamwatch_monitor_heartbeat{event="concert",vantage=""} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if s := New(Options{Event: "concert"}); strings.Contains(scrape(t, s), "vantage") {
		t.Error("a label of vantages in an event that has none")
	}
}
