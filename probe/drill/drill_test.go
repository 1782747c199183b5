package drill_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// Every fault of the simulator has a drill, every drill is met, and what was
// recorded of it, judged again, gives its incidents. STREAMWATCH_RECORDING=FOLDER
// keeps the recordings there.
func TestDrills(t *testing.T) {
	for _, f := range sim.Faults() {
		_, ok := drill.Find(f.Name)
		shown := slices.ContainsFunc(scenes(), func(s scene) bool { return s.fault == f.Name })
		if !ok && !shown && f.Name != "lag" {
			t.Errorf("fault %s has neither a drill nor a scene", f.Name)
		}
	}
	for _, d := range some(drill.All()) {
		t.Run(d.Fault, func(t *testing.T) {
			t.Parallel()
			for _, offset := range one(0, 1300*time.Millisecond, 700*time.Millisecond) {
				synctest.Test(t, func(t *testing.T) {
					rec, stop := recorder(t, "main")
					o := drill.Run(t.Context(), d, drill.Settings{Offset: offset, Renditions: 3, Record: rec})
					stop()
					check(t, o)
					for _, in := range o.Seen.Incidents() {
						keep(t, rec, d.Fault, in)
						replay(t, rec, in)
					}
				})
			}
		})
	}
}

func check(t *testing.T, o drill.Outcome) {
	t.Helper()
	if o.Err != nil {
		t.Fatal(o.Err)
	}
	if o.Changed == 0 || o.Early != "" {
		t.Errorf("the fault made %d responses others than they would have been; before it one was: %q", o.Changed, o.Early)
	}
	for _, in := range o.Before {
		t.Errorf("before the fault: %s", describe(o, in))
	}
	for _, in := range o.Others {
		t.Errorf("besides: %s", describe(o, in))
	}
	switch {
	case o.Incident == nil:
		t.Errorf("not found within %s", o.Allowance)
	case o.Delay > o.Allowance:
		t.Errorf("found after %s, want within %s: %s", o.Delay, o.Allowance, o.Incident.Check)
	}
	if o.Incident != nil && t.Failed() {
		t.Logf("the one: %s", describe(o, *o.Incident))
	}
}

func describe(o drill.Outcome, in probe.Incident) string {
	closed := "open"
	if in.Closed != nil {
		closed = fmt.Sprintf("closed %.2f", in.Closed.Sub(o.Began).Seconds())
	}
	return fmt.Sprintf("%s %s %s %v blame %s, began %.2f, opened %.2f, %s: %s; consequences %v",
		in.Check, in.Severity, in.Side, in.Renditions, in.Blame,
		in.Began.Sub(o.Began).Seconds(), in.Opened.Sub(o.Began).Seconds(), closed, in.Detail, in.Consequences)
}

// TestTable prints, for each fault, how soon it is found on a stream like the
// one that peers were measured on: target duration 2 s, three renditions,
// window 6: DRILL_TABLE=1 go test -v -run TestTable -timeout 1h ./probe/drill, or
// for some of them DRILL_TABLE=FAULT,FAULT.
func TestTable(t *testing.T) {
	only := os.Getenv("DRILL_TABLE")
	if only == "" {
		t.Skip("a measurement, not a test: set DRILL_TABLE")
	}
	t.Log("fault, incident, blame, side; median (longest) seconds from the first defective response and from the fault; " +
		"requests a second for each playlist and side")
	for _, d := range drill.All() {
		if only != "1" && !slices.Contains(strings.Split(only, ","), d.Fault) {
			continue
		}
		var sight, delay []float64
		var last drill.Outcome
		for k := range 9 {
			synctest.Test(t, func(t *testing.T) {
				last = drill.Run(t.Context(), d, drill.Settings{Offset: time.Duration(k) * 222 * time.Millisecond, Renditions: 3})
			})
			if last.Incident == nil {
				t.Fatalf("%s: not found", d.Fault)
			}
			sight, delay = append(sight, last.Sight.Seconds()), append(delay, last.Delay.Seconds())
		}
		slices.Sort(sight)
		slices.Sort(delay)
		t.Logf("| %s | %s | %s | %s | %.2f (%.2f) | %.2f (%.2f) | %.2f |", d.Fault, last.Incident.Check, last.Incident.Blame,
			last.Incident.Side, sight[4], sight[8], delay[4], delay[8], last.Pace)
	}
}

// In fragmented MP4 everything is found as in transport streams, media time by a
// check of its own. Such a stream has no keys here.
func TestDrillsInFragments(t *testing.T) {
	for _, d := range some(drill.All()) {
		if f, _ := sim.FindFault(d.Fault); f.Encrypted {
			continue
		}
		t.Run(d.Fault, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := drill.Run(t.Context(), d, drill.Settings{Offset: 900 * time.Millisecond, Renditions: 3, FMP4: true})
				check(t, o)
				if o.Incident != nil && d.Fault == "pts-jump" && o.Incident.Check != "seg.mp4.tfdt" {
					t.Errorf("found as %s", o.Incident.Check)
				}
			})
		})
	}
}
