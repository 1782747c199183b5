package evidence

import (
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// A second look at an edge that still waits for its origin says nothing of the edge's
// own pace, though the answer is called a hit.
func TestALookThatWaitsToo(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	h := &History{Target: probe.Target{Side: probe.Edge}}
	look := func(asked, took time.Duration, repeat bool) {
		o := &probe.Observation{
			Target: h.Target,
			Exchange: probe.Exchange{
				Status: 200, Started: start.Add(asked), Done: start.Add(asked + took), XCache: "Hit from cloudfront",
			},
			Segment: &probe.SegmentProbe{
				MSN: 7, URI: "7.ts", Listed: start, Duration: 2 * time.Second, Repeat: repeat,
			},
		}
		fileSegment(h, o)
		fileSpeed(h, o)
	}
	look(0, 3*time.Second, false)
	look(2*time.Second, 2*time.Second, true) // asked before the first was done
	if !h.Speed.KeptSlow.IsZero() || !h.Speed.KeptQuick.IsZero() {
		t.Errorf("%+v: the second look waited for the origin too", h.Speed)
	}
	look(5*time.Second, 2*time.Second, true)
	if h.Speed.KeptSlow.IsZero() {
		t.Error("a slow answer from the cache does not count")
	}
}
