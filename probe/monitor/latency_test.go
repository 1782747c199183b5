package monitor

import (
	"slices"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// Dates that are no wall clock say nothing of latency.
func TestNoLatencyWithoutAWallClock(t *testing.T) {
	now := time.Unix(1e9, 0)
	for behind, want := range map[time.Duration]bool{
		4 * time.Second: true, time.Hour: true, -2 * time.Second: true,
		-time.Hour: false, 31 * 365 * 24 * time.Hour: false, 25 * time.Hour: false,
	} {
		o := &probe.Observation{
			Target:   probe.Target{Stream: "s", Rendition: "v", Side: probe.Edge},
			Playlist: &probe.Playlist{Kind: probe.Media, Segments: make([]probe.Segment, 1)},
			Exchange: probe.Exchange{Status: 200, Started: now, Done: now},
		}
		h := &evidence.History{
			PollFailures: &evidence.PollFailures{},
			Target:       o.Target, Current: o, Good: o, Playlist: o.Playlist, Advanced: now,
			Versions: []evidence.Version{{First: now, LiveEdge: evidence.DateOf(now.Add(-behind))}},
		}
		got := slices.ContainsFunc(measure(h, o, incident.Verdict{}, now), func(s probe.Sample) bool {
			return s.Metric == probe.LiveLatency
		})
		if got != want {
			t.Errorf("dates %s behind the clock: latency is measured: %v, want %v", behind, got, want)
		}
	}
}
