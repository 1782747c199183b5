package drill_test

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// What all edges show alike is one incident to its end, though each playlist of
// each edge is well again at its own poll.
func TestEdgesEndOneIncident(t *testing.T) {
	for _, streams := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			w := drill.New(drill.Setup{
				Origin: sim.Config{Streams: names(streams), Stagger: true, Renditions: make([]sim.Rendition, 2)},
				Edges:  []string{"second", "third"},
			})
			w.Run(t.Context(), func(context.Context) {
				time.Sleep(20 * time.Second)
				for _, edge := range []string{"", "second", "third"} {
					until := time.Now().Add(30 * time.Second)
					if err := w.Break(sim.Injection{Fault: "edge-503", Edge: edge, Until: until}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(70 * time.Second)
				last := map[string]probe.Incident{}
				for _, in := range w.Seen.Incidents() {
					last[in.ID] = in
				}
				if len(last) != 1 {
					t.Errorf("%d streams: %d incidents, want one", streams, len(last))
				}
				for in := range maps.Values(last) {
					if in.Open() {
						t.Errorf("%d streams: still open: %s", streams, said(&in))
					}
					t.Logf("%s %s", in.State, said(&in))
				}
			})
		})
	}
}
