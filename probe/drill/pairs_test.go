package drill_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// paired are faults whose second must not be taken for the first.
var paired = []string{"origin-500-stale", "hang", "stall", "stale-edge", "edge-503", "seg-404", "variant-gone"}

const (
	pairFirst  = 4 * time.Second
	pairPause  = 1500 * time.Millisecond
	pairSecond = 24 * time.Second
	pairWithin = 10 * time.Second // from the beginning of the second until its blame must be right
)

// One fault after another, in each order: whoever is to blame for the second is
// blamed soon and for as long as it lasts, nobody else is for anything new, and what
// the first one left is over by the end.
func TestDrillsInPairs(t *testing.T) {
	for _, first := range some(paired) {
		for _, second := range paired {
			row := first + " then " + second
			t.Run(row, func(t *testing.T) {
				t.Parallel()
				d, _ := drill.Find(second)
				var problems []string
				for _, offset := range one(betweenParts, 1300*time.Millisecond, 700*time.Millisecond) {
					synctest.Test(t, func(t *testing.T) {
						problems = append(problems, holdPair(t, first, d, offset)...)
					})
				}
				verify(t, problems)
			})
		}
	}
}

func holdPair(t *testing.T, first string, second drill.Drill, offset time.Duration) (problems []string) {
	w := drill.New(drill.Settings{}.Setup(""))
	problem := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(problems, text) {
			problems = append(problems, text)
		}
	}
	w.Run(t.Context(), func(context.Context) {
		time.Sleep(10*time.Second + offset)
		from := time.Now().Add(time.Millisecond) // what is asked at this very moment sees it on neither or on both
		if err := w.BreakBoth(sim.Injection{Fault: first, From: from, Until: from.Add(pairFirst)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(pairFirst + pairPause)
		began := time.Now()
		if err := w.Break(sim.Injection{Fault: second.Fault}); err != nil {
			t.Fatal(err)
		}
		late := time.Duration(0)
		if second.Fault == "variant-gone" { // only the ladder shows it, which is asked for twice a minute
			late = 30 * time.Second
		}
		time.Sleep(pairWithin + late)
		var missing []time.Duration
		for ; time.Since(began) < pairSecond+late; time.Sleep(500 * time.Millisecond) {
			right := false
			for _, in := range w.Seen.Open() {
				if slices.Contains(second.Blame, in.Blame) && in.Side == second.Side && in.Severity >= probe.Warning {
					right = true
				} else if in.Severity >= probe.Error &&
					(in.Opened.After(began) || time.Since(began) >= pairSecond+late-time.Second) {
					problem("%s %s %s at the %s is open, %s", in.Check, in.Severity, in.Blame, in.Side, since(in, began))
				}
			}
			if !right {
				missing = append(missing, time.Since(began))
			}
		}
		if len(missing) > 0 {
			problem("from %s to %s nothing that is open blames %s at the %s", missing[0], missing[len(missing)-1],
				second.Blame[0], second.Side)
		}
	})
	if n, _, early := w.Differences(); n == 0 || early != "" {
		t.Errorf("the second fault changed %d responses; before it one was another: %q", n, early)
	}
	return problems
}

// since says when an incident opened, by a clock that starts with a fault.
func since(in probe.Incident, began time.Time) string {
	return fmt.Sprintf("since %.1f s", in.Opened.Sub(began.Round(0)).Seconds())
}
