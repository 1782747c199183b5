package incident

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Leave takes a stream from the event. Incidents that hit no other stream close,
// with a word that says why.
func (d *Desk) Leave(s *Stream, now time.Time, why string) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unseat(s.row, now)
	d.changed = append(d.changed, d.book.leave(now, s.row.name, why)...)
	d.hush(now)
	return d.result()
}

// Restart is called before a stream begins anew with the same name. Incidents
// that hit no other stream wait to be seen again, as after a restart.
func (d *Desk) Restart(s *Stream, now time.Time) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unseat(s.row, now)
	for _, e := range d.book.open {
		if e.hitsOnly(s.row.name) {
			e.resumed = now
		}
	}
	d.sum(now)
	return d.result()
}

// unseat forgets what a stream shows.
func (d *Desk) unseat(r *row, now time.Time) {
	d.rows = slices.DeleteFunc(d.rows, func(other *row) bool { return other == r })
	if r.sick != nil {
		d.sick--
		d.next = sooner(d.next, now)
	}
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
