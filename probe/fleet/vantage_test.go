package fleet

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

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
				if _, _, worst := w.ids(); worst != probe.Error || in.Blame == probe.BlameOrigin ||
					strings.Join(in.Vantages, " ") != "eu-west-1" {
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
				w.says(in, "the same in all 2 vantages (eu-west-1, us-east-1)")
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
		w.says(in, "the same in all 3 vantages (ap, eu, us)")
	})
}

// The network of one vantage is its own matter: nobody else is blamed, and the
// stream is not blind as long as another one sees it.
func TestTheNetworkOfOneVantage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watched(t, false, "eu", "us")
		defer w.end()
		w.cut["eu"].Store(true)
		time.Sleep(60 * time.Second)
		in := w.only()
		if in.Blame != probe.BlamePath || in.Severity != probe.Warning {
			t.Errorf("%s, blame %s, %q; want a warning of our own path", in.Severity, in.Blame, in.Because)
		}
		w.says(in, "the network of vantage eu")
		if v := w.desk.Verdict("main"); v.Verdict != probe.OK {
			t.Errorf("the stream is %s, want ok", v.Verdict)
		}
		w.cut["us"].Store(true)
		time.Sleep(60 * time.Second)
		if v := w.desk.Verdict("main"); v.Verdict != probe.Blind {
			t.Errorf("the stream is %s, want blind: nobody sees it", v.Verdict)
		}
		w.cut["eu"].Store(false)
		w.cut["us"].Store(false)
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
		w.says(newest[ids[1]], "no agent of vantage eu is alive", "is still watched from us")
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
		if ids, _, _ = w.ids(); len(ids) != 3 || len(w.desk.Open()) > 0 {
			t.Errorf("%d incidents, open %v; want three that are over", len(ids), w.desk.Open())
		}
	})
}

// A hub that takes the lead goes on with the incident of a vantage that is gone: it
// finds again that nobody is there before the incident would close.
func TestAVantageThatWasGoneBefore(t *testing.T) {
	h := &Hub{log: zap.NewNop(), o: HubOptions{Plan: Plan{Vantages: []string{"eu", "us"}}}}
	l := h.Attach(&monitor.Options{Event: "e", Resume: []probe.Incident{
		{Check: checks.VantageGone.ID, Vantages: []string{"us"}},
		{Check: checks.VantageGone.ID, Vantages: []string{"asia"}}, // no more in the file
		{Check: "http.status", Vantages: []string{"eu"}},
	}})
	if l.alive["us"].IsZero() || !l.alive["eu"].IsZero() {
		t.Errorf("alive %v", l.alive)
	}
	if _, there := l.alive["asia"]; there {
		t.Error("a vantage that the file does not name any more is waited for")
	}
}

// An agent was started under a mistyped name, and stopped. Its vantage is forgotten after
// an hour unless the event names it, and so is what it left in NATS.
func TestAMistypedVantageIsForgotten(t *testing.T) {
	for _, c := range []struct {
		name  string
		named []string
		other bool // somebody watches from elsewhere
		want  bool
	}{
		{"mistyped", nil, true, true},
		{"named", []string{"eu", "eu-wset"}, true, false},
		{"the last one", nil, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := plan()
			p.Vantages = c.named
			h := hubAt(t, natsServer(t, nil).ClientURL(), "hub", p)
			h.leads.Store(true)
			o := monitor.Options{Event: "e", Streams: []monitor.Stream{{Name: "main"}}}
			l := h.Attach(&o)
			l.Use(monitor.New(o))
			ctx := soon(t)
			if _, err := h.room.js.Publish(ctx, h.room.view("eu-wset", "main"), []byte("{}")); err != nil {
				t.Fatal(err)
			}
			was := time.Now()
			l.alive["eu-wset"] = was
			at := func(d time.Duration) {
				if c.other {
					if _, err := h.room.leases.PutString(ctx, memberKey("eu", "a"), "{}"); err != nil {
						t.Fatal(err)
					}
					l.alive["eu"] = was.Add(d)
				}
				l.count(was.Add(d))
			}
			at(goneAfter)
			at(goneAfter + forgottenAfter - time.Second)
			if open := l.book.Open(); len(open) != 1 || open[0].Check != checks.VantageGone.ID {
				t.Fatalf("open: %+v, want that the vantage is gone", open)
			}
			at(goneAfter + forgottenAfter)
			views, err := h.room.js.Stream(ctx, h.room.viewStream())
			if err != nil {
				t.Fatal(err)
			}
			left := views.CachedInfo().State.Msgs
			if forgotten := len(l.book.Open()) == 0; forgotten != c.want || (left == 0) != c.want {
				t.Errorf("open: %+v, %d views left; want forgotten: %v", l.book.Open(), left, c.want)
			}
			if l.alive["eu-wset"].IsZero() != c.want {
				t.Errorf("vantages %v", l.alive)
			}
			at(goneAfter + forgottenAfter + time.Minute)
			if n := len(l.book.Open()); (n == 0) != c.want {
				t.Errorf("%d incidents a minute later", n)
			}
		})
	}
}
