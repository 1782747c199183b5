package incident

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Leave takes a stream from the event. Incidents that hit no other stream close,
// with a word that says why.
func (d *Desk) Leave(stream string, now time.Time, why string) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unseat(stream, now)
	d.changed = append(d.changed, d.book.leave(now, stream, why)...)
	d.hush(now)
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
			d.next = sooner(d.next, now)
		}
	}
	delete(d.seats, stream)
	d.order = slices.DeleteFunc(d.order, func(other *seat) bool { return other == s })
}

// Schedule moves the beginning and the end of the event; zero is not stated.
func (d *Desk) Schedule(starts, ends time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opts.Starts, d.opts.Ends = starts, ends
}

// leave closes the incidents that hit one stream and no other.
func (b *Book) leave(now time.Time, stream, why string) (closed []probe.Incident) {
	b.open = slices.DeleteFunc(b.open, func(e *entry) bool {
		if !e.hitsOnly(stream) {
			return false
		}
		e.State, e.Closed = probe.Closed, new(now.UTC())
		e.Detail = why + "; until then: " + e.Detail
		e.Updates = append(slices.Clone(e.Updates), probe.Change{At: now.UTC(), What: "closed: " + why})
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
