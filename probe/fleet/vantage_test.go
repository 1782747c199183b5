package fleet

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// between is the desk of an agent without NATS between it and the hub's: what a
// monitor reports goes through the messages, at once.
type between struct {
	*incident.Desk
	t       *testing.T
	vantage string
	tell    func(incident.Result)
	skew    time.Duration // by which this vantage's clock is behind
}

func (b *between) Stream(o checks.Options) *incident.Stream { return incident.NewStream(b, o) }

func (b *between) Report(v *incident.View) incident.Result {
	h := head{V: Protocol, Vantage: b.vantage, Agent: b.vantage + "-1"}
	data, err := encodeView(h, order{}, v)
	if err != nil {
		b.t.Error(err)
		return incident.Result{}
	}
	got, _, err := decodeView(data)
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
	cut    map[string]*bool // whose own network is gone

	mu   sync.Mutex
	told []probe.Incident
	stop context.CancelFunc
	all  sync.WaitGroup
}

// watched begins to watch from some vantages, and lets the stream run in. It must
// run in a bubble.
func watched(t *testing.T, alone bool, vantages ...string) *world {
	w := &world{t: t, origin: sim.NewBoard(), edges: map[string]*sim.Board{}, cut: map[string]*bool{}}
	w.desk = incident.NewDesk(incident.Options{Event: "e", Alone: alone}, time.Now())
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	origin := sim.NewOrigin(sim.Config{Streams: []string{"main"}, Faults: w.origin, Start: time.Now().Add(-time.Hour)})
	for i, vantage := range vantages {
		w.edges[vantage], w.cut[vantage] = sim.NewBoard(), new(bool)
		at := sim.Hosts{"origin.test": origin}
		at["edge.test"] = sim.NewEdge(sim.EdgeConfig{
			Origin: &url.URL{Scheme: "http", Host: "origin.test"}, Transport: sim.Hosts{"origin.test": origin}, Faults: w.edges[vantage],
			Pop: []string{"FRA56-P4", "IAD89-C1", "SIN2-P1"}[i],
		})
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: cuttable{at, w.cut[vantage]},
			Streams: []monitor.Stream{{Name: "main", Manifest: "/main/playlist.m3u8"}}, Desk: &between{Desk: w.desk, t: t, vantage: vantage, tell: w.note},
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
	gone *bool
}

func (c cuttable) RoundTrip(r *http.Request) (*http.Response, error) {
	if *c.gone {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return c.RoundTripper.RoundTrip(r)
}

func (w *world) tick(ctx context.Context) {
	for sleep(ctx, 100*time.Millisecond) {
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

// A fault of one point of presence is told as one: where it is, and where it is
// not. It is no more than an error. When it is everywhere it is critical, and
// still the same incident.
func TestOnePointOfPresence(t *testing.T) {
	for _, fault := range []struct{ name, says string }{
		{"stale-edge", "serves old playlists"}, {"edge-503", "answers 503"},
	} {
		t.Run(fault.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watched(t, false, "eu-west-1", "us-east-1")
				defer w.end()
				w.inject(fault.name, "eu-west-1")
				time.Sleep(25 * time.Second)
				in := w.only()
				if _, _, worst := w.ids(); worst != probe.Error || in.Blame == probe.BlameOrigin || strings.Join(in.Vantages, " ") != "eu-west-1" {
					t.Errorf("%s, blame %s, vantages %v; want an error of the edge in eu-west-1", worst, in.Blame, in.Vantages)
				}
				w.says(in, "edge edge.test "+fault.says+" in eu-west-1 (PoP FRA56-P4), fine in us-east-1")
				if v := w.desk.Verdict("main"); v.Verdict != probe.Degraded {
					t.Errorf("the stream is %s, want degraded: elsewhere it plays", v.Verdict)
				}
				w.inject(fault.name, "us-east-1")
				time.Sleep(25 * time.Second)
				in = w.only()
				if in.Severity != probe.Critical || strings.Join(in.Vantages, " ") != "eu-west-1 us-east-1" {
					t.Errorf("%s in %v, want critical in both", in.Severity, in.Vantages)
				}
				w.says(in, "so it is in all 2 vantages (eu-west-1, us-east-1)")
				if v := w.desk.Verdict("main"); v.Verdict != probe.Down {
					t.Errorf("the stream is %s, want down", v.Verdict)
				}
				w.clear()
				time.Sleep(40 * time.Second)
				if in = w.only(); in.Open() {
					t.Errorf("still open: %s", in.Detail)
				}
			})
		})
	}
}

// `vantages: any` lets one vantage alone be critical.
func TestAnyVantageMayBeCritical(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watched(t, true, "eu", "us")
		defer w.end()
		w.inject("edge-503", "eu")
		time.Sleep(15 * time.Second)
		if in := w.only(); in.Severity != probe.Critical {
			t.Errorf("%s, want critical", in.Severity)
		}
	})
}

// A fault of the origin is seen from everywhere: one incident, blamed on it.
func TestTheOriginFromEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watched(t, false, "eu", "us", "ap")
		defer w.end()
		if err := w.origin.Inject(sim.Injection{Fault: "stall", From: time.Now()}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(25 * time.Second)
		in := w.only()
		if in.Severity != probe.Critical || in.Blame != probe.BlameEncoder || len(in.Vantages) != 3 {
			t.Errorf("%s, blame %s, %v; want critical, encoder, three", in.Severity, in.Blame, in.Vantages)
		}
		w.says(in, "so it is in all 3 vantages (ap, eu, us)")
	})
}

// The network of one vantage is its own matter: nobody else is blamed, and the
// stream is not blind as long as another one sees it.
func TestTheNetworkOfOneVantage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watched(t, false, "eu", "us")
		defer w.end()
		*w.cut["eu"] = true
		time.Sleep(60 * time.Second)
		in := w.only()
		if in.Blame != probe.BlamePath || in.Severity != probe.Warning {
			t.Errorf("%s, blame %s, %q; want a warning of our own path", in.Severity, in.Blame, in.Because)
		}
		w.says(in, "the network of vantage eu")
		if v := w.desk.Verdict("main"); v.Verdict != probe.OK {
			t.Errorf("the stream is %s, want ok", v.Verdict)
		}
		*w.cut["us"] = true
		time.Sleep(60 * time.Second)
		if v := w.desk.Verdict("main"); v.Verdict != probe.Blind {
			t.Errorf("the stream is %s, want blind: nobody sees it", v.Verdict)
		}
		*w.cut["eu"], *w.cut["us"] = false, false
		time.Sleep(60 * time.Second)
		if v := w.desk.Verdict("main"); v.Verdict != probe.OK {
			t.Errorf("the stream is %s, want ok", v.Verdict)
		}
		if _, newest, _ := w.ids(); len(w.desk.Open()) > 0 {
			t.Errorf("open: %+v", newest)
		}
	})
}

// A vantage whose agents are gone is said to be gone. Its silence is no symptom
// of the stream, and what only it saw is neither over nor told again.
func TestAVantageThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watched(t, false, "eu", "us")
		defer w.end()
		w.inject("edge-503", "eu", "us")
		time.Sleep(15 * time.Second)
		fault := w.only()
		w.note(w.desk.Watched("eu", false, time.Now()))
		time.Sleep(5 * time.Second)
		ids, newest, _ := w.ids()
		if len(ids) != 2 || newest[ids[1]].Check != checks.VantageGone.ID || newest[fault.ID].State == probe.Closed {
			t.Fatalf("%+v, want the fault, open, and the vantage", newest)
		}
		w.says(newest[ids[1]], "no agent of vantage eu is alive", "goes on being watched from us")
		w.note(w.desk.Watched("us", false, time.Now()))
		time.Sleep(2 * time.Minute)
		if v := w.desk.Verdict("main"); v.Verdict != probe.Blind || v.Reason == "" {
			t.Errorf("the stream is %s (%s), want blind", v.Verdict, v.Reason)
		}
		_, newest, _ = w.ids()
		if in := newest[fault.ID]; !in.Open() {
			t.Error("the fault is closed, though nobody looked")
		}
		w.note(w.desk.Watched("eu", true, time.Now()))
		w.note(w.desk.Watched("us", true, time.Now()))
		w.clear()
		time.Sleep(90 * time.Second)
		if ids, newest, _ = w.ids(); len(ids) != 3 || len(w.desk.Open()) > 0 {
			t.Errorf("%d incidents, open %v; want three that are over", len(ids), w.desk.Open())
		}
	})
}
