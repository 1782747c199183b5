package fleet

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// between is the desk of an agent without NATS between it and the hub's: what a
// monitor reports goes through the messages, at once.
type between struct {
	*incident.Desk
	t       *testing.T
	vantage string
	tell    func(incident.Result)
}

func (b *between) Stream(o checks.Options) *incident.Stream { return incident.NewStream(b, o) }

func (b *between) Report(v *incident.View) incident.Result {
	h := head{V: Protocol, Vantage: b.vantage, Agent: b.vantage + "-1"}
	data, err := encodeView(h, order{}, v, nil)
	if err != nil {
		b.t.Error(err)
		return incident.Result{}
	}
	got, _, _, err := decodeView(data)
	if err != nil {
		b.t.Error(err)
		return incident.Result{}
	}
	got.At = time.Now()
	res := b.Desk.Report(got)
	b.tell(res)
	res.Incidents = nil
	return res
}

func (b *between) Verdict(string) incident.Verdict              { return incident.Verdict{} }
func (b *between) Marks(string) map[probe.Target]probe.Severity { return nil }
func (b *between) Control(ok bool, asked time.Time, took time.Duration) {
	b.ControlFrom(b.vantage, ok, asked, took)
}

func (b *between) Busy(busy incident.Busy)                             { b.BusyFrom(b.vantage, busy) }
func (b *between) Tick(time.Time) incident.Result                      { return incident.Result{} }
func (b *between) Next() time.Time                                     { return time.Time{} }
func (b *between) Leave(string, time.Time, string) (r incident.Result) { return r }
func (b *between) Restart(string, time.Time) (r incident.Result)       { return r }

// world is one origin, with an edge of its own at each vantage, as the points of
// presence of a CDN are.
type world struct {
	t      *testing.T
	desk   *incident.Desk
	origin *sim.Board
	edges  map[string]*sim.Board
	cut    map[string]*atomic.Bool // whose own network is gone

	mu   sync.Mutex
	told []probe.Incident
	stop context.CancelFunc
	all  sync.WaitGroup
}

// watched begins to watch from some vantages, and lets the stream run in. It must
// run in a bubble.
func watched(t *testing.T, alone bool, vantages ...string) *world {
	w := &world{t: t, origin: sim.NewBoard(), edges: map[string]*sim.Board{}, cut: map[string]*atomic.Bool{}}
	w.desk = incident.NewDesk(incident.Options{Event: "e", Alone: alone}, time.Now())
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	origin := sim.NewOrigin(sim.Config{Streams: []string{"main"}, Faults: w.origin, Start: time.Now().Add(-time.Hour)})
	for i, vantage := range vantages {
		w.edges[vantage], w.cut[vantage] = sim.NewBoard(), new(atomic.Bool)
		at := sim.Hosts{"origin.test": origin}
		at["edge.test"] = sim.NewEdge(edge.Config{
			Origin: &url.URL{Scheme: "http", Host: "origin.test"}, Transport: sim.Hosts{"origin.test": origin},
			Pop: []string{"FRA56-P4", "IAD89-C1", "SIN2-P1"}[i],
		}, w.edges[vantage], "")
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: cuttable{at, w.cut[vantage]},
			Streams: []monitor.Stream{
				{Name: "main", Manifest: "/main/playlist.m3u8"},
			}, Desk: &between{Desk: w.desk, t: t, vantage: vantage, tell: w.note},
		})
		w.all.Go(func() { m.Run(ctx) })
	}
	w.all.Go(func() { w.tick(ctx) })
	time.Sleep(20 * time.Second)
	return w
}

// cuttable is a network that can be gone: nothing is answered.
type cuttable struct {
	http.RoundTripper
	gone *atomic.Bool
}

func (c cuttable) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.gone.Load() {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return c.RoundTripper.RoundTrip(r)
}

func (w *world) tick(ctx context.Context) {
	for probe.Pause(ctx, 100*time.Millisecond) {
		w.note(w.desk.Tick(time.Now()))
	}
}

func (w *world) note(res incident.Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, res.Incidents...)
}

func (w *world) end() {
	w.stop()
	w.all.Wait()
}

// inject switches a fault on at the edges of some vantages.
func (w *world) inject(fault string, vantages ...string) {
	for _, v := range vantages {
		if err := w.edges[v].Inject(sim.Injection{Fault: fault, From: time.Now()}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) clear() {
	w.origin.Clear("", "", "")
	for _, b := range w.edges {
		b.Clear("", "", "")
	}
}

// ids are the incidents that were told of, and the newest of each.
func (w *world) ids() (ids []string, newest map[string]probe.Incident, worst probe.Severity) {
	w.mu.Lock()
	defer w.mu.Unlock()
	newest = map[string]probe.Incident{}
	for _, in := range w.told {
		if _, seen := newest[in.ID]; !seen {
			ids = append(ids, in.ID)
		}
		newest[in.ID] = in
		worst = max(worst, in.Severity)
	}
	return ids, newest, worst
}

// only is the one incident that was told of.
func (w *world) only() probe.Incident {
	w.t.Helper()
	ids, newest, _ := w.ids()
	if len(ids) != 1 {
		w.t.Fatalf("%d incidents, want 1: %+v", len(ids), newest)
	}
	return newest[ids[0]]
}

func (w *world) says(in probe.Incident, words ...string) {
	w.t.Helper()
	for _, word := range words {
		if !strings.Contains(in.Because, word) {
			w.t.Errorf("%q does not say %q", in.Because, word)
		}
	}
}
