package incident

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// Leave takes a stream from the event. Incidents that hit no other stream close,
// with a word that says why.
func (d *Desk) Leave(stream string, now time.Time, why string) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unseat(stream, now)
	closed := d.book.end(now, why, func(e *entry) bool { return e.hitsOnly(stream) })
	if d.changed = append(d.changed, closed...); len(closed) > 0 {
		d.hush(now)
	} else {
		d.sum(now) // thousands may leave one after the other
	}
	return d.result()
}

// Restart is called before a stream begins anew with the same name. Incidents
// that hit no other stream wait to be seen again, as after a restart.
func (d *Desk) Restart(stream string, now time.Time) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unseat(stream, now)
	for _, e := range d.book.open {
		if e.hitsOnly(stream) {
			e.resumed = now
		}
	}
	d.sum(now)
	return d.result()
}

// Forget takes a vantage from those that the event is watched from: what it showed no
// longer counts, and the incident that nobody watches from there closes with a word
// that says why.
func (d *Desk) Forget(name string, now time.Time, why string) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.vantages = slices.DeleteFunc(d.vantages, func(v *vantage) bool { return v.name == name })
	for _, s := range d.order {
		s.rows = slices.DeleteFunc(s.rows, func(r *row) bool {
			if r.of.name == name && r.Sick != nil {
				d.sick--
			}
			return r.of.name == name
		})
	}
	closed := d.book.end(now, why, func(e *entry) bool {
		return e.Check == checks.VantageGone.ID && slices.Equal(e.Vantages, []string{name})
	})
	d.changed = append(d.changed, closed...)
	d.diagnose(now)
	return d.result()
}

// unseat forgets what a stream shows, from everywhere.
func (d *Desk) unseat(stream string, now time.Time) {
	s := d.seats[stream]
	if s == nil {
		return
	}
	for _, r := range s.rows {
		r.of.rows = slices.DeleteFunc(r.of.rows, func(other *row) bool { return other == r })
		if r.Sick != nil {
			d.sick--
			d.next = probe.Sooner(d.next, now)
		}
	}
	delete(d.seats, stream)
	d.tally[s.verdict.Verdict]--
	d.order = slices.DeleteFunc(d.order, func(other *seat) bool { return other == s })
}

// Schedule moves the beginning and the end of the event; zero is not stated.
func (d *Desk) Schedule(starts, ends time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opts.Starts, d.opts.Ends = starts, ends
}

// Finish closes every incident, with a word that says why: the event is over.
// Verdicts stay what was seen last.
func (d *Desk) Finish(now time.Time, why string) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed = append(d.changed, d.book.end(now, why, func(*entry) bool { return true })...)
	for _, s := range d.order {
		s.verdict.Open = nil
	}
	return d.result()
}

// end closes incidents although nobody saw the fault end.
func (b *Book) end(now time.Time, why string, which func(*entry) bool) (closed []probe.Incident) {
	b.open = slices.DeleteFunc(b.open, func(e *entry) bool {
		if !which(e) {
			return false
		}
		e.State, e.Closed, e.ClosedBecause = probe.Closed, new(now.UTC()), why
		closed = append(closed, e.copy())
		return true
	})
	return closed
}

// hitsOnly reports whether an incident hits one stream now, and no other.
func (e *entry) hitsOnly(stream string) bool {
	for i := range e.diagnosis.Hits {
		if e.diagnosis.Hits[i].Stream != stream {
			return false
		}
	}
	if len(e.diagnosis.Hits) > 0 {
		return true
	}
	return len(e.Streams) == 1 && e.Streams[0] == stream // from before a restart, and not seen again yet
}
