package monitor

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// snapshot returns the stream as it is now. It only reads.
func (s *stream) snapshot(now time.Time) probe.StreamSnapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := s.facts(now)
	Judge(&snap, s.desk.Verdict(), s.desk.Marks())
	return snap
}

// facts are what was seen of a stream, without what is found wrong with it.
func (s *stream) facts(now time.Time) probe.StreamSnapshot {
	propagating := s.desk.Propagating(now)
	snap := probe.StreamSnapshot{Name: s.cfg.Name, Advice: s.desk.Advice()}
	for _, h := range s.desk.Stream.Histories {
		if h.Target.Rendition == "" {
			continue
		}
		r := renditionOf(&snap, h.Target.Rendition)
		side := sideOf(h, propagating && h.Target.Place() == s.desk.Fresh(), now)
		if h.Target.Side == probe.Origin {
			r.Origin = side
		} else {
			r.addEdge(h, side)
		}
		if h.Playlist != nil && h.Playlist.TargetDuration.Value > 0 {
			r.TargetDuration = h.Playlist.TargetDuration
		}
	}
	return snap
}

// Judge makes the verdicts of a snapshot of what was seen: that of the stream,
// and what open incidents make of each of its targets.
func Judge(snap *probe.StreamSnapshot, v incident.Verdict, marks map[probe.Target]probe.Severity) {
	snap.Verdict, snap.Since, snap.Reason, snap.OpenIncidents = v.Verdict, v.Since, v.Reason, v.Open
	snap.Silenced = v.Silenced
	for i := range snap.Renditions {
		r := &snap.Renditions[i]
		first := "" // the edge that stands where a single one does
		for name, e := range r.Edges {
			judgeSide(&e.SideSnapshot, v, marks[probe.Target{Rendition: r.Name, Side: probe.Edge, Edge: name}])
			if r.Edge != nil && e.URL == r.Edge.URL {
				first = name
			}
		}
		judgeSide(r.Edge, v, marks[probe.Target{Rendition: r.Name, Side: probe.Edge, Edge: first}])
		judgeSide(r.Origin, v, marks[probe.Target{Rendition: r.Name, Side: probe.Origin}])
		r.Verdict = rollUp(r)
	}
}

func judgeSide(s *probe.SideSnapshot, v incident.Verdict, mark probe.Severity) {
	switch {
	case s == nil:
	case v.Verdict == probe.Blind:
		s.Verdict = probe.Blind
	default:
		s.Verdict = worse(s.Verdict, mark)
	}
}

// rendition is a RenditionSnapshot in the making.
type rendition struct{ *probe.RenditionSnapshot }

// addEdge adds what is known at an edge: of several the first stands where a
// single one does.
func (r rendition) addEdge(h *evidence.History, side *probe.SideSnapshot) {
	one := probe.EdgeSnapshot{SideSnapshot: *side}
	if n, behind, ok := lagBehind(h); ok {
		one.Lag, one.LagSegs = probe.State(behind), probe.State(n)
	}
	if r.Edge == nil {
		r.Edge, r.EdgeLag, r.EdgeLagSegs = side, one.Lag, one.LagSegs
	}
	if h.Target.Edge == "" {
		return
	}
	if r.Edges == nil {
		r.Edges = map[string]*probe.EdgeSnapshot{}
	}
	r.Edges[h.Target.Edge] = &one
}

func renditionOf(s *probe.StreamSnapshot, name string) rendition {
	for i := range s.Renditions {
		if s.Renditions[i].Name == name {
			return rendition{&s.Renditions[i]}
		}
	}
	s.Renditions = append(s.Renditions, probe.RenditionSnapshot{Name: name})
	return rendition{&s.Renditions[len(s.Renditions)-1]}
}

// sideOf returns what is known of one target.
func sideOf(h *evidence.History, propagating bool, now time.Time) *probe.SideSnapshot {
	s := &probe.SideSnapshot{Verdict: probe.Waiting}
	if propagating {
		s.Phase = probe.Propagating
	}
	if h.Current == nil {
		return s
	}
	ex := &h.Current.Exchange
	s.Status, s.Failure, s.URL = ex.Status, ex.Failure, ex.URL
	s.Cache, s.ObjectAge = ex.Cache(), ex.Age
	s.Checked, s.Fetch = ex.Done.UTC(), probe.State(ex.Duration())
	if h.Playlist != nil && h.Playlist.Kind == probe.Media {
		s.MediaSequence = h.Playlist.MediaSequence
		if h.Playlist.Live() && !h.Advanced.IsZero() {
			s.LastSegmentAge = probe.State(now.Sub(h.Advanced))
		}
		switch {
		case !h.Playlist.Live():
			s.Verdict = probe.Ended
		case len(h.Playlist.Segments) > 0 || h.Playlist.Skipped.Stated:
			s.Verdict = probe.OK
		}
	}
	return s
}

// worse returns what becomes of a verdict under an open incident. Warnings
// leave it as it is.
func worse(v probe.Verdict, s probe.Severity) probe.Verdict {
	switch s {
	case probe.Critical:
		return v.Worse(probe.Down)
	case probe.Error:
		return v.Worse(probe.Degraded)
	case probe.NoSeverity, probe.Info, probe.Warning:
	}
	return v
}

// rollUp is a rendition's verdict: as bad as what viewers get at the edge, or
// degraded by a fault that so far only its origin shows.
func rollUp(r *probe.RenditionSnapshot) probe.Verdict {
	if r.Edge == nil {
		return r.Origin.Verdict
	}
	edge := ofEdges(r)
	switch {
	case r.Origin == nil:
		return edge
	case r.Origin.Verdict == probe.Down && edge == probe.OK:
		return probe.Degraded
	case r.Origin.Verdict == probe.OK && r.Edge.Phase == probe.Propagating && edge == r.Edge.Verdict:
		return probe.Waiting
	default:
		return edge.Worse(r.Origin.Verdict)
	}
}

// ofEdges is what viewers get of a rendition: it is down where every edge is.
func ofEdges(r *probe.RenditionSnapshot) probe.Verdict {
	verdict, playing := r.Edge.Verdict, false
	for _, e := range r.Edges {
		verdict = verdict.Worse(e.Verdict)
		playing = playing || e.Verdict == probe.OK || e.Verdict == probe.Degraded
	}
	if verdict == probe.Down && playing {
		return probe.Degraded
	}
	return verdict
}
