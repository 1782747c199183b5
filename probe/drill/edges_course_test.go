package drill_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// edgesCourse is what faults one after another of an event with three edges lead to.
type edgesCourse struct {
	name    string
	faults  []sim.Injection // each begins ten seconds after the one before
	edges   []string        // that the incidents name, in order
	verdict probe.Verdict   // at the end
}

// Two CDNs that fail one after the other are two causes, and each is its own
// CDN's; the event is down when no edge plays any more, and then each of them is
// critical: whoever is woken by what is critical alone hears of it.
func TestEdgesOneAfterAnother(t *testing.T) {
	courses := []edgesCourse{
		{
			"two of three",
			[]sim.Injection{{Fault: "edge-503", Edge: "second"}, {Fault: "stale-edge"}},
			[]string{"second", "first"},
			probe.Degraded,
		},
		{
			"all three",
			[]sim.Injection{{Fault: "edge-503", Edge: "second"}, {Fault: "edge-refused"}, {Fault: "edge-html", Edge: "third"}},
			[]string{"second", "first", "third"},
			probe.Down,
		},
		{
			"one rendition of one",
			[]sim.Injection{{Fault: "edge-503", Edge: "third", Rendition: "v2"}},
			[]string{"third"},
			probe.Degraded,
		},
	}
	for _, c := range some(courses) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := drill.New(drill.Setup{
					Origin: sim.Config{Renditions: make([]sim.Rendition, 2)}, Edges: []string{"second", "third"},
				})
				w.Run(t.Context(), func(context.Context) {
					time.Sleep(10 * time.Second)
					for _, f := range c.faults {
						time.Sleep(10 * time.Second)
						if err := w.Break(f); err != nil {
							t.Fatal(err)
						}
					}
					time.Sleep(20 * time.Second)
					var named []string
					for _, in := range w.Seen.Open() {
						named = append(named, in.Edge)
						want := probe.Error
						if c.verdict == probe.Down {
							want = probe.Critical
						}
						if in.Blame != probe.BlameCDN || in.Severity != want {
							t.Errorf("%s", said(&in))
						}
					}
					if !slices.Equal(named, c.edges) {
						t.Errorf("open incidents name %v, want %v", named, c.edges)
						for _, in := range w.Seen.Incidents() {
							t.Logf("%s %s", in.State, said(&in))
						}
					}
					if v := w.Monitor.Snapshot().Verdict; v != c.verdict {
						t.Errorf("%s, want %s", v, c.verdict)
					}
				})
			})
		})
	}
}
