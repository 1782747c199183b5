package incident

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
)

// View is what one vantage knows of one stream at a moment: all that the
// diagnosis is told of it. Agents send it, so it holds no playlist, no check's
// state and no secret.
type View struct {
	Vantage string // "" where the event is watched from one place
	Watcher string // who watches: another one has not seen what the one before found
	Stream  string
	At      time.Time
	Base    probe.Verdict    // without what is wrong
	Pulses  []diagnose.Pulse // at each place
	Sick    *diagnose.Stream // nil while nothing is found; not to be changed
}

// vantage is a place that the event is watched from.
type vantage struct {
	name    string
	rows    []*row
	control diagnose.Control
	losing  bool          // its own path is lost
	lost    diagnose.Span // when its own path was lost last
	busy    Busy
	gone    time.Time // since when nobody watches from there; zero while somebody does
}

// row is what one vantage shows of one stream.
type row struct {
	of   *vantage
	seat *seat
	View
}

// seat is one stream of the desk.
type seat struct {
	name    string
	rows    []*row // by vantage
	verdict Verdict
}

// place returns a vantage, which it adds where there is none of the name.
func (d *Desk) place(name string) *vantage {
	for _, v := range d.vantages {
		if v.name == name {
			return v
		}
	}
	v := &vantage{name: name}
	d.vantages = append(d.vantages, v)
	return v
}

// row returns what a vantage shows of a stream, and makes room for it.
func (d *Desk) row(from, stream string) *row {
	s := d.seats[stream]
	if s == nil {
		s = &seat{name: stream, verdict: Verdict{Verdict: probe.Waiting}}
		last := d.since // until it is looked at, the newest moment that is known will do
		if d.ran.After(last) {
			last = d.ran
		}
		d.mutedStream(s, last, &s.verdict)
		d.seats[stream] = s
		d.order = append(d.order, s)
		d.tally[s.verdict.Verdict]++
	}
	for _, r := range s.rows {
		if r.of.name == from {
			return r
		}
	}
	v := d.place(from)
	r := &row{of: v, seat: s, View: View{Vantage: from, Stream: stream, Base: probe.Waiting}}
	v.rows, s.rows = append(v.rows, r), append(s.rows, r)
	return r
}

// Watched takes in whether anybody watches from a vantage. What is not watched
// shows nothing: its silence is no symptom, and no recovery.
func (d *Desk) Watched(from string, is bool, now time.Time) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.place(from)
	switch {
	case is == v.gone.IsZero():
		return d.result()
	case is:
		v.gone = time.Time{}
	default:
		v.gone = now
	}
	for _, r := range v.rows {
		if r.Sick != nil {
			d.book.hold(r.Stream, now)
		}
	}
	d.diagnose(now)
	return d.result()
}

// Hold keeps the desk from diagnosing until a moment: what it knows is not whole
// yet. Zero ends that.
func (d *Desk) Hold(until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held, d.next = until, until
	if until.IsZero() {
		d.next = time.Unix(0, 1) // it is due
	}
}

// ControlFrom is Control of a vantage.
func (d *Desk) ControlFrom(from string, ok bool, asked time.Time, took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.place(from).control.Note(ok, asked, took)
	if d.sick > 0 {
		d.next = probe.Sooner(d.next, asked)
	}
}

// BusyFrom takes in that a process which watches from a vantage does not get to run.
func (d *Desk) BusyFrom(from string, b Busy) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.place(from)
	if b.From.After(v.busy.Until) || v.busy.From.IsZero() {
		v.busy.From = b.From
	}
	v.busy.Until = b.Until
	d.next = probe.Sooner(d.next, b.Until)
}

// hold keeps what is open on a stream open for a while: whoever watches it now
// has not seen it yet.
func (b *Book) hold(stream string, now time.Time) {
	for _, e := range b.open {
		if stream == "" || e.hit(stream) != nil {
			e.resumed = now
		}
	}
}
