package incident_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// walker makes observations of an encoder that now and then loses its head.
type walker struct {
	*rand.Rand
	now  time.Time
	msn  uint64
	last map[probe.Target]*probe.Observation
}

func (w *walker) next() *probe.Observation {
	w.now = w.now.Add(time.Duration(w.IntN(1500)) * time.Millisecond)
	t := target(string(rune('a'+w.IntN(2))), probe.Sides[w.IntN(2)])
	if w.IntN(4) == 0 {
		w.msn++
	}
	switch w.IntN(30) {
	case 0:
		w.msn = uint64(w.IntN(3))
	case 1:
		w.msn += uint64(w.IntN(200))
	case 2:
		w.msn -= min(w.msn, uint64(w.IntN(10)))
	case 3, 4, 5:
		return failed(t, w.now, []int{403, 404, 500, 503}[w.IntN(4)], "")
	case 6, 7, 8:
		all := []probe.Failure{
			probe.FailDNS, probe.FailRefused, probe.FailTimeout, probe.FailTruncated, probe.FailLimit, probe.FailEncoding,
			probe.FailCanceled,
		}
		return failed(t, w.now, 0, all[w.IntN(len(all))])
	case 9, 10, 11, 12:
		return w.segment(t)
	case 13:
		return poll(t, w.now, &probe.Playlist{Problems: []probe.Problem{{Check: "m3u.header", Detail: "a page"}}})
	case 14, 15, 16, 17, 18:
		if before := w.last[t]; before != nil {
			o := poll(t, w.now, before.Playlist)
			o.Hash, o.Unchanged = before.Hash, true
			return o
		}
	}
	o := poll(t, w.now, w.playlist())
	w.last[t] = o
	return o
}

func (w *walker) segment(t probe.Target) *probe.Observation {
	o := failed(t, w.now, []int{200, 206, 404, 503}[w.IntN(4)], "")
	msn := w.msn + uint64(w.IntN(6))
	o.Segment = &probe.SegmentProbe{
		MSN: msn, URI: fmt.Sprintf("seg%d.ts", msn), Newest: w.IntN(2) == 0, Duration: 2 * time.Second,
		Hash: uint64(w.IntN(2)), HashBytes: 8,
	}
	o.Exchange.ObjectBytes = probe.State(int64(w.IntN(3) * 1000))
	return o
}

func (w *walker) playlist() *probe.Playlist {
	pl := live(w.msn, w.IntN(8))
	switch w.IntN(12) {
	case 0:
		pl.TargetDuration = probe.State(time.Duration(1+w.IntN(4)) * time.Second)
	case 1:
		pl.TargetDuration = probe.Fact[time.Duration]{}
	case 2:
		pl.EndList = true
	case 3:
		pl.Version = probe.State(3)
	case 4:
		pl.Problems = []probe.Problem{{
			Check: checks.All()[w.IntN(len(checks.All()))].ID, Severity: probe.Severity(w.IntN(5)),
		}}
	}
	for i := range pl.Segments {
		s := &pl.Segments[i]
		switch w.IntN(20) {
		case 0:
			s.URI = "other.ts"
		case 1:
			s.Gap = true
		case 2:
			s.Duration = time.Duration(w.IntN(5000)) * time.Millisecond
		case 3:
			s.DSN++
		case 4:
			s.PDT = time.Time{}
		}
	}
	return pl
}

// books follows incidents as a sink does.
type books struct {
	t    *testing.T
	open map[string]probe.Incident
	all  map[string]bool
}

func (b *books) file(in probe.Incident) {
	switch _, open := b.open[in.ID]; {
	case in.State == probe.Closed && !open:
		b.t.Errorf("%s closed and was not open", in.ID)
	case in.State == probe.Opened && !open && b.all[in.ID]:
		b.t.Errorf("%s opened twice", in.ID)
	}
	if in.Severity < probe.Warning || in.Blame == "" || in.Because == "" || len(in.Streams) == 0 || in.Count < 1 ||
		in.Check == "" || in.Began.After(in.Opened) || in.Closed != nil && in.Closed.Before(in.Opened) {
		b.t.Errorf("incident %+v", in)
	}
	seen := map[string]bool{in.Check: true}
	for _, c := range in.Consequences {
		if seen[c] {
			b.t.Errorf("%s of %s has the consequence %s twice or is it", in.ID, in.Check, c)
		}
		seen[c] = true
	}
	b.all[in.ID] = true
	if in.State == probe.Closed {
		delete(b.open, in.ID)
	} else {
		b.open[in.ID] = in
	}
}

// TestWalk leads a desk through any sequence of observations: its incidents
// must stay a story that can be told.
func TestWalk(t *testing.T) {
	seeds := uint64(12)
	if proctest.Race { // make test runs it without, too
		seeds = 2
	}
	for seed := range seeds {
		w := &walker{Rand: rand.New(rand.NewPCG(seed, 1)), now: epoch, msn: 100, last: map[probe.Target]*probe.Observation{}}
		b := &books{t: t, open: map[string]probe.Incident{}, all: map[string]bool{}}
		j := watching(incident.Options{}, checks.Options{}, "a", "b")
		for range 500 {
			o := w.next()
			res := step(j, o)
			for _, in := range res.Incidents {
				b.file(in)
			}
			if shown := len(j.desk.Open()); shown != len(b.open) {
				t.Fatalf("seed %d: the desk has %d open incidents, the reports left %d", seed, shown, len(b.open))
			}
			if n := len(b.open); n > 2*len(checks.All()) {
				t.Fatalf("seed %d: %d incidents are open at once", seed, n)
			}
		}
		calm(t, seed, j, w, b)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// calm plays a healthy stream until everything must have closed.
func calm(t *testing.T, seed uint64, j *watched, w *walker, b *books) {
	start := w.now.Add(time.Second)
	for i := range 240 {
		now := start.Add(time.Duration(i) * 500 * time.Millisecond)
		for _, side := range probe.Sides {
			for _, r := range []string{"a", "b"} {
				pl := live(50_000+uint64(i/4), 6)
				res := step(j, poll(target(r, side), now, pl))
				seg := failed(target(r, side), now, 200, "")
				n := pl.Segments[5].MSN
				seg.Segment = &probe.SegmentProbe{MSN: n, URI: pl.Segments[5].URI, Duration: 2 * time.Second}
				seg.Exchange.ObjectBytes = probe.State(int64(1000))
				for _, in := range append(res.Incidents, step(j, seg).Incidents...) {
					b.file(in)
				}
			}
		}
	}
	for _, in := range b.open {
		t.Errorf("seed %d: still open after two healthy minutes: %s %s of %v: %s",
			seed, in.Check, in.Side, in.Renditions, in.Detail)
	}
}
