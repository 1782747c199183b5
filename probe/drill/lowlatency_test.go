package drill_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// An hour of healthy low latency at the usual part targets, published with
// jitter and exactly, behind an edge that keeps playlists for a second: nothing
// may be found, and no playlist may be asked for more often than a few times a
// second.
func TestAnHourOfLowLatencyWithoutAFalseAlarm(t *testing.T) {
	long := time.Hour
	if testing.Short() || raceDetector {
		long = 5 * time.Minute
	}
	for _, pt := range []time.Duration{200 * time.Millisecond, 330 * time.Millisecond, 500 * time.Millisecond, time.Second} {
		for _, jitter := range []float64{0, 0.2} {
			for _, td := range []time.Duration{2 * time.Second, 6 * time.Second} {
				if td == 6*time.Second && jitter == 0 {
					continue
				}
				t.Run(pt.String()+"/"+td.String(), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { watchLowLatency(t, pt, td, jitter, long) })
				})
			}
		}
	}
}

func watchLowLatency(t *testing.T, pt, td time.Duration, jitter float64, d time.Duration) {
	origin := sim.NewOrigin(sim.Config{Part: pt, TargetDuration: td, Jitter: jitter})
	edge := sim.NewEdge(sim.EdgeConfig{Origin: &url.URL{Scheme: "http", Host: "origin.test"}, Transport: sim.Hosts{"origin.test": origin}})
	seen := drill.NewCollector()
	var asked, probes atomic.Int64
	hosts := sim.Hosts{"origin.test": origin, "edge.test": edge}
	m := monitor.New(monitor.Options{
		Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Streams: []monitor.Stream{{Name: "main", Manifest: "/main/playlist.m3u8"}},
		Transport: counting(hosts, &asked), Sinks: []probe.Sink{seen},
		Observe: func(o *probe.Observation) {
			if o.LowLatency != nil && o.LowLatency.Ask == probe.AskNext && o.LowLatency.Waited(o.Exchange.Duration()) {
				probes.Add(1)
			}
		},
	})
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	running.Go(func() { m.Run(ctx) })
	time.Sleep(d)
	if v := m.Snapshot().Verdict; v != probe.OK {
		t.Errorf("verdict %s, want ok", v)
	}
	cancel()
	running.Wait()
	time.Sleep(time.Minute)
	for _, in := range seen.Incidents() {
		t.Errorf("false alarm: %s %s %s %v: %s", in.Check, in.Severity, in.Side, in.Renditions, in.Detail)
	}
	const playlists = 2 * 2
	if rate := float64(asked.Load()) / d.Seconds() / playlists; rate > 3 {
		t.Errorf("%.1f requests a second for each rendition and side, want at most 3", rate)
	} else {
		t.Logf("%.2f requests a second for each rendition and side", rate)
	}
	if n := float64(probes.Load()) / d.Minutes() / playlists; n < 3 {
		t.Errorf("%.1f parts a minute were waited for", n)
	}
}

// counting counts requests for playlists and parts.
func counting(hosts sim.Hosts, n *atomic.Int64) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/playlist.m3u8") || strings.Contains(r.URL.Path, ".part") {
			n.Add(1)
		}
		return hosts.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What breaks any stream makes one incident of a low-latency one too: what its
// prober sees of it is a consequence.
func TestDrillsOnLowLatency(t *testing.T) {
	for _, name := range []string{
		"stall", "stall-one", "lag-6s", "endlist", "seq-reset", "empty", "retract-2", "td-changed", "seg-404", "playlist-503", "playlist-503-one", "html-200",
		"hang", "half-playlist", "origin-down", "origin-500-stale", "stale-edge", "edge-404-segment", "edge-503", "edge-html", "edge-hang", "edge-slow",
	} {
		d, _ := drill.Find(name)
		t.Run(name, func(t *testing.T) {
			for _, offset := range []time.Duration{0, 1300 * time.Millisecond, 3100 * time.Millisecond} {
				synctest.Test(t, func(t *testing.T) {
					check(t, drill.Run(t.Context(), d, drill.Settings{Offset: offset, Renditions: 3, Part: time.Second / 2}))
					time.Sleep(time.Minute)
				})
			}
		})
	}
}

// Sessions of the prober come at their own beat, so that what they find is
// found in time at every target duration and moment.
func TestLowLatencyDrillsAtOtherTargetDurations(t *testing.T) {
	for _, d := range drill.All() {
		if f, ok := sim.FindFault(d.Fault); !ok || !f.LowLatency {
			continue
		}
		t.Run(d.Fault, func(t *testing.T) {
			for _, s := range []drill.Settings{{TargetDuration: time.Second}, {TargetDuration: 6 * time.Second, Offset: 7 * time.Second}, {TargetDuration: 10 * time.Second, Offset: 3300 * time.Millisecond}} {
				synctest.Test(t, func(t *testing.T) {
					check(t, drill.Run(t.Context(), d, s))
					time.Sleep(time.Minute)
				})
			}
		})
	}
}
