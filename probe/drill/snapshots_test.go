package drill_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// betweenParts is when a fault begins, so that nothing is published at that
// very moment, which of the two came first being the scheduler's choice.
const betweenParts = 17 * time.Millisecond

// What sinks are given does not depend on who looks: it is the same without a
// page, with one that asks every second, and with a hundred.
func TestSnapshotsChangeNothing(t *testing.T) {
	if proctest.Race {
		t.Skip("requests meet in another order with the race detector: make test runs it without")
	}
	for _, d := range some(drill.All()) {
		t.Run(d.Fault, func(t *testing.T) {
			t.Parallel()
			hold := func(snapshots int) (lines []string) {
				synctest.Test(t, func(t *testing.T) {
					o := drill.Run(t.Context(), d, drill.Settings{Snapshots: snapshots, Keep: true, Apart: true, Offset: betweenParts})
					if o.Err != nil || o.Changed == 0 || o.Early != "" {
						t.Errorf("%v; the fault changed %d responses; before it one was another: %q", o.Err, o.Changed, o.Early)
					}
					lines = o.Seen.Lines()
				})
				return lines
			}
			alone := hold(0)
			for _, n := range one(1, 100) {
				seen := hold(n)
				for range 3 { // requests of one moment can meet in another order, whether anybody looks or not
					if slices.Equal(alone, seen) {
						break
					}
					alone, seen = hold(0), hold(n)
				}
				if !slices.Equal(alone, seen) {
					t.Errorf("with %d snapshots a second: %s", n, different(alone, seen))
				}
			}
		})
	}
}

// different says by how many lines two lists differ, and shows the first.
func different(a, b []string) string {
	count := map[string]int{}
	for _, line := range a {
		count[line]++
	}
	for _, line := range b {
		count[line]--
	}
	first, n := "", 0
	for line, by := range count {
		if by != 0 {
			n++
			if first == "" || line < first {
				first = line
			}
		}
	}
	return fmt.Sprintf("%d lines differ of %d, the first is %s", n, len(a), first)
}
