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
		side := sideOf(h, propagating, now)
		if h.Target.Side == probe.Edge {
			r.Edge = side
			if n, behind, ok := lag(h); ok {
				r.EdgeLag, r.EdgeLagSegs = probe.State(behind), probe.State(n)
			}
		} else {
			r.Origin = side
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
	snap.Verdict, snap.Since, snap.Reason, snap.OpenIncidents, snap.Silenced = v.Verdict, v.Since, v.Reason, v.Open, v.Silenced
	for i := range snap.Renditions {
		r := &snap.Renditions[i]
		judgeSide(r.Edge, v, marks[probe.Target{Rendition: r.Name, Side: probe.Edge}])
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

func renditionOf(s *probe.StreamSnapshot, name string) *probe.RenditionSnapshot {
	for i := range s.Renditions {
		if s.Renditions[i].Name == name {
			return &s.Renditions[i]
		}
	}
	s.Renditions = append(s.Renditions, probe.RenditionSnapshot{Name: name})
	return &s.Renditions[len(s.Renditions)-1]
}

// sideOf returns what is known of one target.
func sideOf(h *evidence.History, propagating bool, now time.Time) *probe.SideSnapshot {
	s := &probe.SideSnapshot{Verdict: probe.Waiting}
	if h.Target.Side == probe.Edge && propagating {
		s.Phase = probe.Propagating
	}
	if h.Current == nil {
		return s
	}
	ex := &h.Current.Exchange
	s.Status, s.Failure, s.Cache, s.ObjectAge, s.Checked, s.URL = ex.Status, ex.Failure, ex.Cache(), ex.Age, ex.Done.UTC(), ex.URL
	s.Fetch = probe.State(ex.Duration())
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
	switch {
	case r.Edge == nil:
		return r.Origin.Verdict
	case r.Origin == nil:
		return r.Edge.Verdict
	case r.Origin.Verdict == probe.Down && r.Edge.Verdict == probe.OK:
		return probe.Degraded
	case r.Origin.Verdict == probe.OK && r.Edge.Phase == probe.Propagating:
		return probe.Waiting
	default:
		return r.Edge.Verdict.Worse(r.Origin.Verdict)
	}
}
