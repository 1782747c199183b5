package drill_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// Three days of a healthy stream with ±20 % publish jitter, behind an edge that
// keeps playlists for half a target duration: nothing may be found.
func TestThreeDaysWithoutAFalseAlarm(t *testing.T) {
	if thin() {
		t.Skip("takes a minute, and many with the race detector: make test runs it without")
	}
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { watchHealthy(t, 6*time.Second, 72*time.Hour) })
}

// The same for an hour at every target duration.
func TestAnHourWithoutAFalseAlarm(t *testing.T) {
	for _, seconds := range some([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) {
		td := time.Duration(seconds) * time.Second
		t.Run(td.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { watchHealthy(t, td, span(time.Hour)) })
		})
	}
}

func watchHealthy(t *testing.T, td, d time.Duration) {
	watch(t, sim.Config{TargetDuration: td, PlaylistCache: fmt.Sprintf("max-age=%d", max(1, int(td.Seconds())/2))}, d)
}

func watch(t *testing.T, c sim.Config, d time.Duration) {
	t.Helper()
	c.Jitter = 0.2
	healthy(t, drill.Setup{Origin: c}, d)
}

// healthy watches an event that nothing is wrong with, in a bubble.
func healthy(t *testing.T, s drill.Setup, d time.Duration) {
	t.Helper()
	w := drill.New(s)
	w.Run(t.Context(), func(context.Context) {
		time.Sleep(d)
		if v := w.Monitor.Snapshot().Verdict; v != probe.OK {
			t.Errorf("verdict %s, want ok", v)
		}
	})
	for i, in := range w.Seen.Incidents() {
		if i == 5 {
			t.Fatal("and more")
		}
		t.Errorf("false alarm: %s %s %s %v: %s", in.Check, in.Severity, in.Side, in.Renditions, in.Detail)
	}
}

// A stalled playlist opens its incident no later than 1.5 target durations and
// one poll after the last new segment at the origin.
func TestStallIsFoundInTime(t *testing.T) {
	d, _ := drill.Find("stall")
	for _, seconds := range some([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) {
		td := time.Duration(seconds) * time.Second
		t.Run(td.String(), func(t *testing.T) {
			t.Parallel()
			worst := time.Duration(0)
			for k := range 4 {
				synctest.Test(t, func(t *testing.T) {
					o := drill.Run(t.Context(), d, drill.Settings{TargetDuration: td, Offset: td * time.Duration(k) / 4})
					check(t, o)
					if o.Incident == nil {
						return
					}
					after := o.Incident.Opened.Sub(o.LastSegment)
					worst = max(worst, after)
					if limit := td*3/2 + td/2; after > limit {
						t.Errorf("opened %s after the last segment, want at most %s", after, limit)
					}
				})
			}
			if os.Getenv("DRILL_TABLE") != "" {
				fmt.Printf("stall, target duration %2.0f s: opened at most %.2f s after the last new segment, "+
					"%.2f target durations\n", td.Seconds(), worst.Seconds(), worst.Seconds()/td.Seconds())
			}
		})
	}
}
