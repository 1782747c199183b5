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

// Twenty streams on one host with ±20 % publish jitter, behind a cache with
// grace that reloads every ten minutes and refuses connections for a second
// meanwhile: nothing above a warning may be found. DRILL_LONG=72h sets for how
// long, of simulated time.
func TestManyStreamsWithoutAFalseAlarm(t *testing.T) {
	t.Parallel()
	long, every := 30*time.Minute, 10*time.Minute
	if thin() { // reloads are no flapping: further apart than an incident is held
		long, every = 4*time.Minute, 2*time.Minute
	}
	if text := os.Getenv("DRILL_LONG"); text != "" {
		var err error
		if long, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	const reload = time.Second
	varnish, _ := sim.FindPreset("varnish")
	synctest.Test(t, func(t *testing.T) {
		w := drill.New(drill.Setup{
			Origin: sim.Config{
				Streams: names(20), TargetDuration: 6 * time.Second, Stagger: true, Jitter: 0.2,
				Renditions: make([]sim.Rendition, 1),
			},
			Edge: varnish.Config,
		})
		var problems []string
		reloads := 0
		w.Run(t.Context(), func(context.Context) {
			for begun := time.Now(); time.Since(begun) < long; reloads++ {
				time.Sleep(min(every, long-time.Since(begun)))
				now := time.Now()
				if err := w.Break(sim.Injection{Fault: "edge-refused", From: now, Until: now.Add(reload)}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * reload)
			}
			if v := w.Monitor.Snapshot().Verdict; v != probe.OK {
				problems = append(problems, "the verdict is "+string(v))
			}
		})
		var alarms []probe.Incident
		for _, in := range w.Seen.Incidents() {
			if in.Severity > probe.Warning {
				alarms = append(alarms, in)
			}
		}
		if len(alarms) > 0 {
			problems = append(problems,
				fmt.Sprintf("false alarms: %s, the first %s: %s", tally(alarms), alarms[0].Severity, alarms[0].Detail))
		}
		t.Logf("%s with %d reloads: %d incidents, %d above a warning", long, reloads, len(w.Seen.Incidents()), len(alarms))
		verify(t, problems)
	})
}
