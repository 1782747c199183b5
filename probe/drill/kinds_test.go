package drill_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// An hour of every kind of stream, and of every way to watch one: trends over
// minutes, keys and removed segments have the time to cry wolf.
func TestAnHourOfEveryKind(t *testing.T) {
	kinds := map[string]struct {
		config   sim.Config
		segments monitor.Segments
		alone    bool // the edge is watched without its origin
	}{
		"fmp4":            {sim.Config{FMP4: true, Jitter: 0.2}, monitor.SegmentsRange, false},
		"encrypted":       {sim.Config{Encrypt: true, Jitter: 0.2}, monitor.SegmentsRange, false},
		"read whole":      {sim.Config{Jitter: 0.2}, monitor.SegmentsFull, false},
		"fmp4 read whole": {sim.Config{FMP4: true, Discontinuity: 50}, monitor.SegmentsFull, true},
		"edge alone":      {sim.Config{TargetDuration: 6 * time.Second, Jitter: 0.2}, monitor.SegmentsRange, true},
		"short segments": {
			sim.Config{TargetDuration: 6 * time.Second, SegmentDuration: 2 * time.Second, Jitter: 0.2, Window: 30},
			monitor.SegmentsRange, true,
		},
		"without dates": {sim.Config{PlainTime: true, Jitter: 0.2, Window: 5}, monitor.SegmentsRange, false},
		"heads only":    {sim.Config{Encrypt: true}, monitor.SegmentsHead, false},
		"one rendition, ten s": {
			sim.Config{TargetDuration: 10 * time.Second, Jitter: 0.2, Renditions: make([]sim.Rendition, 1)},
			monitor.SegmentsRange, true,
		},
	}
	for _, name := range rows(kinds) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := kinds[name]
				healthy(t, drill.Setup{Origin: c.config, EdgeOnly: c.alone, Monitor: monitor.Options{Segments: c.segments}},
					span(time.Hour))
			})
		})
	}
}
