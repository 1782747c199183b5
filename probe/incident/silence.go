package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// shownExpired is for how long a silence that is over is still listed.
const shownExpired = 24 * time.Hour

// quiet is what mutes incidents, and what people said of them.
type quiet struct {
	silences []probe.Silence // of people, expired ones too for as long as they are listed
	planned  []probe.Silence // maintenance of the event file
}

// newQuiet takes up what people did before a restart.
func newQuiet(planned []probe.Silence, actions []probe.Action) quiet {
	q := quiet{planned: planned}
	for i := range actions {
		q.take(&actions[i])
	}
	return q
}

// take notes a silence, or what became of one.
func (q *quiet) take(a *probe.Action) {
	if a.Silence == nil {
		return
	}
	if i := q.find(a.Silence.ID); i >= 0 {
		q.silences[i] = *a.Silence
	} else {
		q.silences = append(q.silences, *a.Silence)
	}
}

func (q *quiet) find(id string) int {
	return slices.IndexFunc(q.silences, func(s probe.Silence) bool { return s.ID == id })
}

// all returns what mutes now or may do so later.
func (q *quiet) all(now time.Time) (list []probe.Silence) {
	for _, from := range [][]probe.Silence{q.silences, q.planned} {
		for i := range from {
			if now.Before(from[i].Until) {
				list = append(list, from[i])
			}
		}
	}
	return list
}

// next is when a silence begins or ends; zero when none does.
func (q *quiet) next(now time.Time) (next time.Time) {
	for _, s := range q.all(now) {
		if next = probe.Sooner(next, s.Until); s.From.After(now) {
			next = probe.Sooner(next, s.From)
		}
	}
	return next
}

// id makes a new one. Each names the second in which the silence was made.
func (q *quiet) id(now time.Time) string {
	base := now.UTC().Format("20060102T150405Z")
	for n, id := 2, base; ; n++ {
		if q.find(id) < 0 {
			return id
		}
		id = fmt.Sprintf("%s-%d", base, n)
	}
}

// find returns the open incident of an id, nil where there is none.
func (b *Book) find(id string) *entry {
	if i := slices.IndexFunc(b.open, func(e *entry) bool { return e.ID == id }); i >= 0 {
		return b.open[i]
	}
	return nil
}

// Silences returns the silences and the maintenance of the event: those that
// mute now, those that will, and those that ended within a day; what ends last
// comes first.
func (d *Desk) Silences(now time.Time) []probe.Silence {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.quiet.all(now.Add(-shownExpired))
	for i := range list {
		list[i] = list[i].At(now)
	}
	slices.SortStableFunc(list, func(a, b probe.Silence) int {
		return cmp.Or(b.Until.Compare(a.Until), strings.Compare(a.ID, b.ID))
	})
	return list
}

// Maintain replaces the maintenance that is planned.
func (d *Desk) Maintain(planned []probe.Silence, now time.Time) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.quiet.planned = planned
	d.hush(now)
	return d.result()
}

// Do gives an action, as Check returned it, its effect.
func (d *Desk) Do(now time.Time, a *probe.Action) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.quiet.take(a)
	if e := d.book.find(a.Incident); e != nil && e.acknowledge(a) {
		d.mark(e)
	}
	d.hush(now)
	return d.result()
}

// hush makes each open incident say what mutes it now, and marks those that say
// something else than before.
func (d *Desk) hush(now time.Time) {
	list := d.quiet.all(now)
	for _, e := range d.book.open {
		was, covers := e.Silenced, func(s *probe.Silence, stream string) bool { return s.Covers(&e.Incident, stream) }
		if e.Silenced = probe.Mutes(list, e.Streams, now, covers); !same(was, e.Silenced) {
			d.mark(e)
		}
	}
	for i := range d.changed {
		if e := d.book.find(d.changed[i].ID); e != nil {
			d.changed[i].Silenced, d.changed[i].Acknowledged = e.Silenced, e.Acknowledged
		}
	}
	d.quiet.forget(now)
	d.next = probe.Sooner(d.next, d.quiet.next(now))
	for _, s := range d.order {
		d.judge(s, now)
	}
	d.sum(now)
}

// same reports whether two say that the same mutes for as long.
func same(a, b *probe.Muting) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && a.Until.Equal(b.Until)
}

// forget drops silences that are no longer listed.
func (q *quiet) forget(now time.Time) {
	q.silences = slices.DeleteFunc(q.silences, func(s probe.Silence) bool { return now.Sub(s.Until) > shownExpired })
}

// mark passes an open incident on as it is now, unless it is news anyway.
func (d *Desk) mark(e *entry) {
	same := func(in probe.Incident) bool { return in.ID == e.ID }
	if d.marked = slices.DeleteFunc(d.marked, same); !slices.ContainsFunc(d.changed, same) {
		d.marked = append(d.marked, e.copy())
	}
}

// acknowledge takes in what somebody said of the incident, and reports whether
// it was about that.
func (e *entry) acknowledge(a *probe.Action) bool {
	switch a.Kind {
	case probe.ActAcknowledge:
		e.Acknowledged = &probe.Acknowledgement{By: a.By, At: a.At, Note: a.Note}
	case probe.ActUnacknowledge:
		e.Acknowledged = nil
	case probe.ActSilence, probe.ActExpire:
		return false
	}
	return true
}

// mutedStream adds to a verdict what mutes the stream, and whether its numbers
// are muted too: with the whole stream, or while all that is wrong with it is.
func (d *Desk) mutedStream(r *seat, now time.Time, v *Verdict) {
	if len(d.quiet.silences)+len(d.quiet.planned) == 0 {
		return // nearly always, with each look
	}
	v.Silenced = probe.Mutes(d.quiet.all(now), []string{r.name}, now, (*probe.Silence).Whole)
	worst, heard := probe.NoSeverity, probe.NoSeverity
	for _, e := range d.book.open {
		switch h := e.hit(r.name); {
		case h == nil:
		case e.Silenced != nil:
			worst = max(worst, h.Severity)
		default:
			heard = max(heard, h.Severity)
		}
	}
	v.Muted = v.Silenced != nil || worst >= probe.Error && heard < probe.Error
}
