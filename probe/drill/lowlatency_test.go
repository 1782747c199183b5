package drill_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// Twenty minutes of healthy low latency at the usual part targets, published with
// jitter and exactly, behind an edge that keeps playlists for a second: nothing
// may be found, and no playlist may be asked for more often than a few times a
// second.
func TestLowLatencyWithoutAFalseAlarm(t *testing.T) {
	long, short := span(20*time.Minute), span(5*time.Minute)
	for _, pt := range one(200*time.Millisecond, 330*time.Millisecond, 500*time.Millisecond, time.Second) {
		kinds := map[string]struct {
			td, d  time.Duration
			jitter float64
		}{
			"jitter": {2 * time.Second, long, 0.2}, "exact": {2 * time.Second, short, 0},
			"long segments": {6 * time.Second, short, 0.2},
		}
		for _, name := range rows(kinds) {
			c := kinds[name]
			t.Run(pt.String()+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { watchLowLatency(t, pt, c.td, c.jitter, c.d, nil) })
			})
		}
	}
}

// The same over a network with round trips from 20 to 200 ms, and now and then
// one of a second: longer than a part. And over one whose every round trip is.
func TestLowLatencyOverANetworkWithoutAFalseAlarm(t *testing.T) {
	t.Run("far", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			watchLowLatency(t, 200*time.Millisecond, 2*time.Second, 0, time.Minute, func(*http.Request) time.Duration {
				return 700 * time.Millisecond
			})
		})
	})
	for _, pt := range one(200*time.Millisecond, 500*time.Millisecond) {
		t.Run(pt.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				watchLowLatency(t, pt, 2*time.Second, 0.1, span(20*time.Minute), trips)
			})
		})
	}
}

// trips are round trips over a network that loses a packet now and then. They
// follow from the request and its moment alone, not from the order of requests.
func trips(r *http.Request) time.Duration {
	h := fnv.New64a()
	fmt.Fprint(h, r.URL, r.Header, time.Now().UnixNano())
	dice := rand.New(rand.NewPCG(h.Sum64(), 3))
	if dice.IntN(60) == 0 {
		return time.Second
	}
	return 20*time.Millisecond + time.Duration(dice.IntN(180))*time.Millisecond
}

// watchLowLatency requires a watch without an incident. trip is how long a
// round trip takes; nil is no time.
func watchLowLatency(
	t *testing.T, pt, td time.Duration, jitter float64, d time.Duration, trip func(*http.Request) time.Duration,
) {
	var asked, probes atomic.Int64
	healthy(t, drill.Setup{
		Origin:  sim.Config{Part: pt, TargetDuration: td, Jitter: jitter, FMP4: jitter == 0},
		Through: func(next http.RoundTripper) http.RoundTripper { return counting(next, &asked, trip) },
		Monitor: monitor.Options{Observe: func(o *probe.Observation) {
			if o.LowLatency != nil && o.LowLatency.Ask == probe.AskNext && o.LowLatency.Waited(o.Exchange.Duration()) {
				probes.Add(1)
			}
		}},
	}, d)
	const playlists = 2 * 2
	if rate := float64(asked.Load()) / d.Seconds() / playlists; rate > 3 {
		t.Errorf("%.1f requests a second for each rendition and side, want at most 3", rate)
	} else {
		t.Logf("%.2f requests a second for each rendition and side", rate)
	}
	if n := float64(probes.Load()) / d.Minutes() / playlists; n < 3 && trip == nil {
		t.Errorf("%.1f parts a minute were waited for", n)
	}
}

// counting counts requests for playlists and parts.
func counting(next http.RoundTripper, n *atomic.Int64, trip func(*http.Request) time.Duration) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if trip != nil {
			there := trip(r) / 2
			time.Sleep(there)
			defer time.Sleep(there)
		}
		if strings.HasSuffix(r.URL.Path, "/playlist.m3u8") || strings.Contains(r.URL.Path, ".part") {
			n.Add(1)
		}
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What breaks any stream makes one incident of a low-latency one too: what its
// prober sees of it is a consequence.
func TestDrillsOnLowLatency(t *testing.T) {
	for _, name := range some([]string{
		"stall", "stall-one", "lag-6s", "endlist", "seq-reset", "empty", "retract-2", "td-changed", "seg-404",
		"playlist-503", "playlist-503-one", "html-200", "hang", "half-playlist", "origin-down", "origin-500-stale",
		"stale-edge", "edge-404-segment", "edge-503", "edge-html", "edge-hang", "edge-slow",
	}) {
		d, _ := drill.Find(name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, offset := range one(0, 3100*time.Millisecond, 1300*time.Millisecond) {
				synctest.Test(t, func(t *testing.T) {
					check(t, drill.Run(t.Context(), d, drill.Settings{Offset: offset, Renditions: 3, Part: time.Second / 2}))
				})
			}
		})
	}
}

// Sessions of the prober come at their own beat, so that what they find is
// found in time at every target duration and moment.
func TestLowLatencyDrillsAtOtherTargetDurations(t *testing.T) {
	var all []drill.Drill
	for _, d := range drill.All() {
		if f, ok := sim.FindFault(d.Fault); ok && f.LowLatency {
			all = append(all, d)
		}
	}
	for _, d := range some(all) {
		t.Run(d.Fault, func(t *testing.T) {
			t.Parallel()
			for _, s := range one(
				drill.Settings{TargetDuration: 10 * time.Second, Offset: 3300 * time.Millisecond},
				drill.Settings{TargetDuration: 6 * time.Second, Offset: 7 * time.Second},
				drill.Settings{TargetDuration: time.Second},
			) {
				synctest.Test(t, func(t *testing.T) {
					check(t, drill.Run(t.Context(), d, s))
				})
			}
		})
	}
}
