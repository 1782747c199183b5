package checks

import (
	"cmp"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// Options describe the stream that is watched.
type Options struct {
	Stream       string
	Starts, Ends time.Time           // zero when the event does not state them
	Overrides    map[string]Override // by check id
	Once         bool                // one look must do: every finding counts at first sight
	ErrorCaching time.Duration       // for how long the edge keeps an error of its origin; 0 is CloudFront's default
	Personalised []string            // names of edges that serve each viewer other segments: those are no difference
	Fresh        string              // name of an edge that was just made and may still be propagating
	Grace        time.Time           // until then Fresh may give no playlist; zero when no edge is that new
}

// Watch runs the checks over the observations of one stream, one after the
// other, and holds the symptoms that they show. It has one owner.
type Watch struct {
	Stream evidence.Stream

	opts     Options
	moments  *moments // of the checks that are on
	boards   map[*evidence.History]*board
	answered bool // the edge gave a playlist
}

// board is what checks have found on one target.
type board struct {
	trackers []*tracker
	advice   []advice
}

// looks lists the moments that a look is; a poll may be further ones.
var looks = map[probe.Look]When{
	probe.LookPoll:       OnPoll,
	probe.LookCORS:       OnCORS,
	probe.LookSegment:    OnSegment,
	probe.LookInit:       OnInit,
	probe.LookKey:        OnKey,
	probe.LookRemoved:    OnRemoved,
	probe.LookLowLatency: OnLowLatency,
	probe.LookIFrames:    OnIFrames,
}

// NewWatch returns a watch that has seen nothing yet.
func NewWatch(o Options) *Watch {
	w := &Watch{
		Stream: evidence.Stream{
			Name: o.Stream, Starts: o.Starts, Ends: o.Ends,
			Personalised: o.Personalised,
			ErrorCaching: cmp.Or(o.ErrorCaching, errorCaching),
		},
		opts:   o,
		boards: map[*evidence.History]*board{},
	}
	w.choose()
	return w
}

// Targets makes the targets known that belong to the stream. What was found on
// others is forgotten.
func (w *Watch) Targets(targets []probe.Target) {
	w.Stream.Watch(targets)
	boards := make(map[*evidence.History]*board, len(w.Stream.Histories))
	for _, h := range w.Stream.Histories {
		if boards[h] = w.boards[h]; boards[h] == nil {
			boards[h] = &board{}
		}
	}
	w.boards = boards
}

// Step files one observation and runs the checks over it. now is the time at
// which it is judged, normally Exchange.Done. It returns what is known of the
// target, or nil when the observation says nothing: the target does not belong
// to the stream, the request was ours to cancel, or the edge is not known
// everywhere yet.
func (w *Watch) Step(o *probe.Observation, now time.Time) *evidence.History {
	if o.Exchange.Failure == probe.FailCanceled {
		return nil
	}
	h, changed := w.Stream.File(o)
	if h == nil || w.spreads(o, now) {
		return nil
	}
	pass := Pass{Now: now, Obs: o, History: h, Stream: &w.Stream, Fresh: changed}
	switch when := looks[o.Look()]; {
	case when != OnPoll:
		w.run(w.moments[when], &pass)
	case w.early(o, now):
	default:
		w.run(w.moments[OnPoll], &pass)
		if changed {
			w.run(w.moments[OnPlaylist], &pass)
			if p := h.Previous; p != nil && p.Kind == o.Playlist.Kind {
				w.run(w.moments[OnUpdate], &pass)
			}
		}
	}
	h.Judged()
	w.settle(now)
	return h
}

// early reports whether the event has not begun, or is over, and the stream is
// not there, which is no fault.
func (w *Watch) early(o *probe.Observation, now time.Time) bool {
	return !w.Stream.Expected(now) && (!o.OK() || o.Playlist == nil || o.Playlist.Kind == probe.UnknownKind ||
		o.Playlist.Kind == probe.Media && len(o.Playlist.Segments) == 0)
}

// Fresh is where Propagating may hold: the edge that was made just now.
func (w *Watch) Fresh() probe.Place { return probe.Place{Side: probe.Edge, Edge: w.opts.Fresh} }

// Propagating reports whether the edge may not be known everywhere yet: its
// distribution was made just now, and it never gave a playlist.
func (w *Watch) Propagating(now time.Time) bool {
	return !w.answered && now.Before(w.opts.Grace)
}

// spreads reports whether an observation says no more than that the edge is
// still propagating, which is no fault and no sample. Its first playlist ends
// that for the whole stream.
func (w *Watch) spreads(o *probe.Observation, now time.Time) bool {
	if o.Target.Place() != w.Fresh() || !w.Propagating(now) {
		return false
	}
	w.answered = o.OK() && o.Playlist != nil && o.Playlist.Kind != probe.UnknownKind
	return !w.answered
}

// run runs checks over one observation and counts what they report.
func (w *Watch) run(list []*Check, pass *Pass) {
	kind := probe.UnknownKind
	if pass.Obs.Playlist != nil {
		kind = pass.Obs.Playlist.Kind
	}
	b := w.boards[pass.History]
	for _, c := range list {
		if c.Timed && pass.Obs.Strained {
			continue
		}
		if c.When == OnPlaylist || c.When == OnUpdate {
			if want := max(c.Kind, probe.Media); want != AnyKind && want != kind {
				continue
			}
		}
		pass.Found, pass.Silent, pass.about = nil, false, ""
		pass.Held = b.holds(c)
		pass.Quiet = b.advises(c) && w.opts.Overrides[c.ID].Severity < probe.Warning
		if c.Run(pass); !pass.Silent {
			w.count(b, c, pass)
		}
	}
}

// settle opens what has enough evidence and ends what is over.
func (w *Watch) settle(now time.Time) {
	for _, h := range w.Stream.Histories {
		b := w.boards[h]
		for _, tr := range b.trackers {
			switch {
			case tr.held() && tr.over(now):
				tr.end(now)
			case !tr.held() && tr.clean == 0 && tr.last.Equal(now) && w.enough(tr, now):
				tr.open(now)
			}
		}
		b.trackers = slices.DeleteFunc(b.trackers, func(tr *tracker) bool { return tr.forgotten(now) })
	}
}

// Symptoms returns what holds now, what was seen at the newest look but not
// often enough yet, and what ended so lately that it may have consequences.
func (w *Watch) Symptoms(now time.Time) []Symptom {
	most := 0
	for _, b := range w.boards {
		most += len(b.trackers)
	}
	all := make([]Symptom, 0, most)
	for i, h := range w.Stream.Histories {
		for _, tr := range w.boards[h].trackers {
			if tr.held() || tr.clean == 0 && !tr.last.IsZero() || tr.echoes(now) {
				all = append(all, tr.symptom(i, now))
			}
		}
	}
	return all
}

// Sick reports whether anything was found that is not over, or that is over so
// lately that it may have consequences.
func (w *Watch) Sick() bool {
	for _, b := range w.boards {
		if len(b.trackers) > 0 {
			return true
		}
	}
	return false
}

// TakeBack forgets what was found from a moment on: this process did not get to
// run then, and what it timed may be its own doing.
func (w *Watch) TakeBack(from time.Time) {
	for _, b := range w.boards {
		b.trackers = slices.DeleteFunc(b.trackers, func(tr *tracker) bool { return tr.check.Timed && !tr.last.Before(from) })
	}
}

// Doubtful returns the targets of which one poll more soon tells whether what
// the newest look found holds.
func (w *Watch) Doubtful(now time.Time) (list []probe.Target) {
	for _, h := range w.Stream.Histories {
		for _, tr := range w.boards[h].trackers {
			if !tr.held() && tr.clean == 0 && tr.last.Equal(now) && tr.check.When.Pokes() {
				list = append(list, h.Target)
				break
			}
		}
	}
	return list
}
