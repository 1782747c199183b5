// Package judge keeps what is known of one stream and says what is wrong with
// it: it files each observation, runs the checks over it, opens an incident
// when the evidence suffices, folds consequences under their cause, decides
// who is to blame, and closes what is over.
//
// The rule that keeps it simple: it is the only mutable state, it has one
// owner, who calls Step with one observation after another, and it does no
// I/O, reads no clock and starts nothing.
package judge

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// Options is what a judge is told of its stream.
type Options struct {
	Event, Stream string
	Starts, Ends  time.Time           // zero when the event does not state them
	Overrides     map[string]Override // by check id
	Resume        []probe.Incident    // incidents that were open when the process stopped
	Once          bool                // one look must do: every finding counts at first sight
	Grace         time.Time           // until then an edge that never gave a playlist is propagating; zero for one that is no news
}

// Override changes a check for one event.
type Override struct {
	Off      bool
	Severity probe.Severity // replaces the severity of every finding; zero leaves it
	After    int            // findings that open an incident; zero leaves it
}

// Judge holds one stream.
type Judge struct {
	opts      Options
	stream    checks.Stream
	targets   []*target
	moments   map[checks.When][]*checks.Check // in the order of ids
	incidents []*incident                     // open ones
	ids       map[string]bool
	path      path
	answered  bool // the edge gave a playlist
	verdict   probe.Verdict
	since     time.Time
}

// target is a history with the findings that are counted on it.
type target struct {
	h        *checks.History
	trackers []*tracker
	advice   []advice
	lost     time.Time // when the first of the polls began that failed in a row as our own path could cause; zero is none
}

// Result is what one observation led to.
type Result struct {
	Samples   []probe.Sample
	Incidents []probe.Incident // that opened, changed or closed, as they are now
	Poke      []probe.Target   // targets to poll at once, to confirm or to compare
}

// New returns a judge that has seen nothing yet.
func New(o Options) *Judge {
	j := &Judge{opts: o, stream: checks.Stream{Name: o.Stream, Starts: o.Starts, Ends: o.Ends}, ids: map[string]bool{}, moments: map[checks.When][]*checks.Check{}, verdict: probe.Waiting}
	for _, c := range checks.All() {
		if o.Overrides[c.ID].Off {
			continue
		}
		j.moments[c.When] = append(j.moments[c.When], c)
	}
	for _, in := range o.Resume {
		j.resume(in)
	}
	return j
}

// Watch makes the targets known that belong to the stream, so that sides and
// renditions can be compared from the first observation on. Targets that are
// no longer listed are forgotten, and what was found on them with them.
func (j *Judge) Watch(targets []probe.Target) {
	var kept []*target
	for _, t := range targets {
		old := j.find(t)
		if old == nil {
			old = &target{h: &checks.History{}}
		}
		old.h.Target = t
		kept = append(kept, old)
	}
	for _, t := range j.targets {
		if !slices.Contains(kept, t) {
			for _, tr := range t.trackers {
				tr.active = false
			}
		}
	}
	j.targets = kept
	j.stream.Histories = nil
	for _, t := range kept {
		h := t.h
		h.Pair, h.Siblings = nil, nil
		j.stream.Histories = append(j.stream.Histories, h)
		for _, u := range kept {
			switch {
			case u.h.Target.Rendition == h.Target.Rendition && u.h.Target.Side != h.Target.Side:
				h.Pair = u.h
			case u.h.Target.Side == h.Target.Side && u.h.Target.Rendition != "":
				h.Siblings = append(h.Siblings, u.h)
			}
			if u == t && h.Target.Rendition != "" && !slices.Contains(h.Siblings, h) {
				h.Siblings = append(h.Siblings, h)
			}
		}
	}
}

func (j *Judge) find(t probe.Target) *target {
	for _, have := range j.targets {
		if have.h.Target.Rendition == t.Rendition && have.h.Target.Side == t.Side {
			return have
		}
	}
	return nil
}

// Step files one observation and returns what it led to. now is the time at
// which it is judged, normally Exchange.Done.
func (j *Judge) Step(o *probe.Observation, now time.Time) Result {
	t := j.find(o.Target)
	if t == nil || o.Exchange.Failure == probe.FailCanceled {
		return Result{}
	}
	changed := file(t.h, o)
	spreading := j.spreads(o, now)
	pass := checks.Pass{Now: now, Obs: o, History: t.h, Stream: &j.stream}
	if o.CORS {
		j.run(t, j.moments[checks.OnCORS], &pass)
	} else if o.LowLatency != nil {
		j.run(t, j.moments[checks.OnLowLatency], &pass)
	} else if o.Segment != nil {
		j.run(t, j.probed(o.Segment), &pass)
	} else if !spreading && !j.waiting(now, o) {
		j.run(t, j.moments[checks.OnPoll], &pass)
		if changed {
			j.run(t, j.moments[checks.OnPlaylist], &pass)
			if p := t.h.Previous; p != nil && p.Kind == o.Playlist.Kind {
				j.run(t, j.moments[checks.OnUpdate], &pass)
			}
		}
	}
	blind := j.path.blind
	j.look(t, o, now)
	res := Result{Poke: j.settle(now)}
	res.Incidents = j.changes()
	if len(res.Incidents) > 0 || j.path.blind != blind || changed && turned(t.h) {
		j.Snapshot(now) // takes the time of a verdict that changes
	}
	if !spreading {
		res.Samples = j.measure(t.h, o, now)
	}
	return res
}

// probed returns the checks that look at a probe.
func (j *Judge) probed(s *probe.SegmentProbe) []*checks.Check {
	switch {
	case s.Init:
		return j.moments[checks.OnInit]
	case s.Key:
		return j.moments[checks.OnKey]
	case s.Removed:
		return j.moments[checks.OnRemoved]
	default:
		return j.moments[checks.OnSegment]
	}
}

// turned reports whether the newest playlist is of another state than the one
// before: there at all, with segments, live.
func turned(h *checks.History) bool {
	was, is := h.Previous, h.Playlist
	return was == nil || was.Live() != is.Live() || (len(was.Segments) == 0) != (len(is.Segments) == 0)
}

// waiting reports whether the event has not begun and the stream is not there
// yet, which is no fault.
func (j *Judge) waiting(now time.Time, o *probe.Observation) bool {
	return now.Before(j.opts.Starts) && (!o.OK() || o.Playlist == nil || o.Playlist.Kind == probe.UnknownKind || o.Playlist.Kind == probe.Media && len(o.Playlist.Segments) == 0)
}
