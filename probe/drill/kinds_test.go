package drill_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// An hour of every kind of stream, and of every way to watch one: trends over
// minutes, keys and removed segments have the time to cry wolf.
func TestAnHourOfEveryKind(t *testing.T) {
	long := time.Hour
	if testing.Short() || raceDetector {
		long = 15 * time.Minute
	}
	for name, c := range map[string]struct {
		config   sim.Config
		segments monitor.Segments
		alone    bool // the edge is watched without its origin
	}{
		"fmp4":                 {sim.Config{FMP4: true, Jitter: 0.2}, monitor.SegmentsRange, false},
		"encrypted":            {sim.Config{Encrypt: true, Jitter: 0.2}, monitor.SegmentsRange, false},
		"read whole":           {sim.Config{Jitter: 0.2}, monitor.SegmentsFull, false},
		"fmp4 read whole":      {sim.Config{FMP4: true, Discontinuity: 50}, monitor.SegmentsFull, true},
		"edge alone":           {sim.Config{TargetDuration: 6 * time.Second, Jitter: 0.2}, monitor.SegmentsRange, true},
		"short segments":       {sim.Config{TargetDuration: 6 * time.Second, SegmentDuration: 2 * time.Second, Jitter: 0.2, Window: 30}, monitor.SegmentsRange, true},
		"without dates":        {sim.Config{PlainTime: true, Jitter: 0.2, Window: 5}, monitor.SegmentsRange, false},
		"heads only":           {sim.Config{Encrypt: true}, monitor.SegmentsHead, false},
		"one rendition, ten s": {sim.Config{TargetDuration: 10 * time.Second, Jitter: 0.2, Renditions: make([]sim.Rendition, 1)}, monitor.SegmentsRange, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				origin := sim.NewOrigin(c.config)
				edge := sim.NewEdge(sim.EdgeConfig{Origin: &url.URL{Scheme: "http", Host: "origin.test"}, Transport: sim.Hosts{"origin.test": origin}})
				seen := drill.NewCollector()
				o := monitor.Options{
					Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Streams: []monitor.Stream{{Name: "main", Manifest: "/main/playlist.m3u8"}},
					Transport: sim.Hosts{"origin.test": origin, "edge.test": edge}, Sinks: []probe.Sink{seen}, Segments: c.segments,
				}
				if c.alone {
					o.Origin = ""
				}
				var running sync.WaitGroup
				ctx, cancel := context.WithCancel(t.Context())
				m := monitor.New(o)
				running.Go(func() { m.Run(ctx) })
				time.Sleep(long)
				cancel()
				running.Wait()
				time.Sleep(time.Minute)
				for _, in := range seen.Incidents() {
					t.Errorf("false alarm: %s %s %s %v: %s", in.Check, in.Severity, in.Side, in.Renditions, in.Detail)
				}
			})
		})
	}
}
