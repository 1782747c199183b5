package drill_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// What reaches every stream of a host is of that host, or of the event.
var (
	hostOrigin = []probe.Scope{probe.ScopeOrigin, probe.ScopeEvent}
	hostEdge   = []probe.Scope{probe.ScopeEdge, probe.ScopeEvent}
)

// fleetFault is a fault and what must be said of it.
type fleetFault struct {
	name   string
	faults []sim.Injection
	blame  []probe.Blame
	side   probe.Side
	one    string // the only stream that it hits; "" is all
	scopes []probe.Scope
	cache  string // preset of the edge; "" is the default
}

// fleets are what breaks many streams of one host at once, or one beside many.
var fleets = []fleetFault{
	{
		"origin hung",
		[]sim.Injection{{Fault: "origin-hang"}},
		[]probe.Blame{probe.BlameOrigin},
		probe.Origin,
		"", hostOrigin, "",
	},
	{
		"origin hung behind nginx",
		[]sim.Injection{{Fault: "origin-hang"}},
		[]probe.Blame{probe.BlameOrigin},
		probe.Origin, "", hostOrigin, "nginx",
	},
	{
		"edge refused",
		[]sim.Injection{{Fault: "edge-refused"}},
		[]probe.Blame{probe.BlameCDN},
		probe.Edge, "",
		hostEdge, "",
	},
	{
		"edge frozen",
		[]sim.Injection{{Fault: "stale-edge"}},
		[]probe.Blame{probe.BlameCDN},
		probe.Edge, "",
		hostEdge, "",
	},
	{
		"origin stalled",
		[]sim.Injection{{Fault: "stall"}},
		[]probe.Blame{probe.BlameEncoder, probe.BlameOrigin},
		probe.Origin, "", hostOrigin, "",
	},
	{
		"one rendition forbidden",
		[]sim.Injection{{Fault: "forbidden-one"}},
		[]probe.Blame{probe.BlameOrigin, probe.BlameConfig},
		probe.Origin, "", hostOrigin, "haproxy",
	},
	{
		"one stream stalled",
		[]sim.Injection{{Fault: "stall", Stream: "s07"}},
		[]probe.Blame{probe.BlameEncoder},
		probe.Origin, "s07",
		[]probe.Scope{probe.ScopeStream},
		"",
	},
}

const (
	fleetBreak = 20 * time.Second
	fleetAfter = 30 * time.Second
)

// One cause is one incident of the event, however many streams it hits, and is
// told of when it opens and when it closes.
func TestFleets(t *testing.T) {
	for _, n := range one(100, 20) {
		for _, f := range some(fleets) {
			row := fmt.Sprintf("%d streams, %s", n, f.name)
			t.Run(row, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					cache, _ := sim.FindPreset(f.cache)
					w, posts := fleet(n, cache.Config)
					var wrong []string
					w.Run(t.Context(), func(context.Context) {
						time.Sleep(15 * time.Second)
						if before := w.Seen.Incidents(); len(before) > 0 {
							t.Errorf("%d incidents before the fault: %s", len(before), tally(before))
						}
						if err := w.Break(f.faults...); err != nil {
							t.Fatal(err)
						}
						time.Sleep(fleetBreak)
						open := w.Monitor.Snapshot().Incidents // have what only grew since, which is told with the next change
						wrong = f.wrong(open, n)
						w.Board.Clear("", "", "")
						time.Sleep(fleetAfter)
					})
					if changed, _, early := w.Differences(); n <= 20 && changed == 0 || early != "" {
						t.Errorf("the fault changed %d responses; before it one was another: %q", changed, early)
					}
					verify(t, fleetProblems(w, wrong, int(posts.Load())))
				})
			})
		}
	}
}

// names are those of n streams.
func names(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("s%02d", i))
	}
	return list
}

// fleet is an event of many streams on one origin and one edge, and a webhook
// that counts what it is told.
func fleet(n int, cache edge.Config) (*drill.Watch, *atomic.Int64) {
	posts := &atomic.Int64{}
	hook := roundTripper(func(r *http.Request) (*http.Response, error) {
		posts.Add(1)
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, r.Body.Close()
	})
	told := notify.New(notify.Options{
		Receiver: notify.Receiver{Name: "webhook-1", URL: "http://hook.test/"}, Wait: 5 * time.Second, Transport: hook,
	})
	return drill.New(drill.Setup{
		Origin: sim.Config{Streams: names(n), Stagger: true, Renditions: make([]sim.Rendition, 2)},
		Edge:   cache,
		Twin:   n <= 20, // it doubles the work
		Monitor: monitor.Options{
			Sinks: []probe.Sink{told}, Feeds: []func(context.Context){func(ctx context.Context) { _ = told.Run(ctx) }},
		},
	}), posts
}

// wrong lists incidents, in words, that do not say what the fleet's fault is.
func (f *fleetFault) wrong(all []probe.Incident, n int) (list []string) {
	hit := names(n)
	if f.one != "" {
		hit = []string{f.one}
	}
	if len(all) == 0 {
		return []string{"none is open"}
	}
	for _, in := range all {
		if !slices.Contains(f.blame, in.Blame) || in.Side != f.side {
			list = append(list, fmt.Sprintf("%s %s %s at the %s", in.Check, in.Severity, in.Blame, in.Side))
		}
		if !slices.Contains(f.scopes, in.Scope) || !slices.Equal(in.Streams, hit) {
			list = append(list, fmt.Sprintf("%s of scope %q and %d streams", in.Check, in.Scope, len(in.Streams)))
		}
	}
	return list
}

// fleetProblems says what is wrong with the incidents of one cause.
func fleetProblems(w *drill.Watch, wrong []string, posts int) (problems []string) {
	all := w.Seen.Incidents()
	if len(all) != 1 {
		problems = append(problems, fmt.Sprintf("%d incidents (%s), want 1", len(all), tally(all)))
	}
	if i := slices.IndexFunc(all, func(in probe.Incident) bool { return in.Blame != all[0].Blame }); i > 0 {
		problems = append(problems, fmt.Sprintf("some blame %s, others %s", all[0].Blame, all[i].Blame))
	}
	limit := 0
	for _, in := range all {
		limit += 2 + w.Seen.Changes(in.ID)
	}
	if posts > limit {
		problems = append(problems, fmt.Sprintf("%d notifications, want %d at most", posts, limit))
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		problems = append(problems, fmt.Sprintf("%d are wrong: %s", len(wrong), strings.Join(slices.Compact(wrong), ", ")))
	}
	if open := w.Seen.Open(); len(open) > 0 {
		problems = append(problems, fmt.Sprintf("%d are open %s after it ended", len(open), fleetAfter))
	}
	return problems
}

// tally counts incidents by check.
func tally(all []probe.Incident) string {
	counts := map[string]int{}
	for _, in := range all {
		counts[in.Check]++
	}
	var parts []string
	for check, n := range counts {
		parts = append(parts, fmt.Sprintf("%s %d", check, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
