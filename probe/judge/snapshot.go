package judge

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// Snapshot returns the stream as it is now. It is made when somebody asks,
// which is seldom beside the observations.
func (j *Judge) Snapshot(now time.Time) *probe.StreamSnapshot {
	s := &probe.StreamSnapshot{
		Name: j.opts.Stream, Advice: j.Advice(), OpenIncidents: make([]string, 0, len(j.incidents)), Renditions: make([]probe.RenditionSnapshot, 0, len(j.targets)/2),
	}
	for _, in := range j.incidents {
		s.OpenIncidents = append(s.OpenIncidents, in.ID)
	}
	sides := make([]probe.SideSnapshot, len(j.targets))
	for i, t := range j.targets {
		if t.h.Target.Rendition == "" {
			continue
		}
		r := renditionOf(s, t.h.Target.Rendition)
		side := &sides[i]
		j.side(side, t.h, now)
		if t.h.Target.Side == probe.Edge {
			r.Edge = side
			if n, behind, ok := lag(t.h); ok {
				r.EdgeLag, r.EdgeLagSegs = probe.State(behind), probe.State(n)
			}
		} else {
			r.Origin = side
		}
		if td := t.h.TD(); td > 0 {
			r.TargetDuration = probe.State(td)
		}
	}
	s.Verdict = j.verdictOf(s, now)
	if s.Verdict != j.verdict || j.since.IsZero() {
		j.verdict, j.since = s.Verdict, now.UTC()
	}
	s.Since = j.since
	return s
}

// Open returns the open incidents.
func (j *Judge) Open() (list []probe.Incident) {
	for _, in := range j.incidents {
		list = append(list, in.copy())
	}
	return list
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

// side fills in what is known of one target.
func (j *Judge) side(s *probe.SideSnapshot, h *checks.History, now time.Time) {
	s.Verdict = probe.Waiting
	if h.Target.Side == probe.Edge && j.propagating(now) {
		s.Phase = probe.Propagating
	}
	if h.Current == nil {
		return
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
	for _, in := range j.incidents {
		if in.closed || in.Side != h.Target.Side && in.Side != probe.NoSide && !in.follows(h) {
			continue
		}
		if !slices.Contains(in.Renditions, h.Target.Rendition) && !slices.Contains(in.Renditions, "") && !in.follows(h) {
			continue
		}
		s.Verdict = worse(s.Verdict, in.Severity)
	}
	if j.path.blind {
		s.Verdict = probe.Blind
	}
}

// follows reports whether a consequence of the incident is active on a target.
func (in *incident) follows(h *checks.History) bool {
	return slices.ContainsFunc(in.followers, func(tr *tracker) bool { return tr.active && tr.t.h == h && tr.worst >= probe.Error })
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

// verdictOf rolls the sides up: a rendition is as bad as what viewers get at
// the edge, or degraded by a fault that so far only its origin shows; a stream
// is down when every rendition is, and degraded when one is not well.
func (j *Judge) verdictOf(s *probe.StreamSnapshot, now time.Time) probe.Verdict {
	if len(s.Renditions) == 0 {
		return j.withoutRenditions(now)
	}
	verdict, downs := probe.Verdict(""), 0
	for i := range s.Renditions {
		r := &s.Renditions[i]
		r.Verdict = rollUp(r)
		if r.Verdict == probe.Down {
			downs++
		}
		verdict = verdict.Worse(r.Verdict)
	}
	if verdict == probe.Down && downs < len(s.Renditions) {
		verdict = probe.Degraded
	}
	for _, in := range j.incidents {
		if in.Rendition == "" && !j.path.blind { // the multivariant playlist: no new viewer can start
			verdict = worse(verdict, in.Severity)
		}
	}
	return verdict
}

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

func (j *Judge) withoutRenditions(now time.Time) probe.Verdict {
	switch {
	case j.path.blind:
		return probe.Blind
	case now.Before(j.opts.Starts):
		return probe.Waiting
	}
	verdict := probe.Waiting
	for _, in := range j.incidents {
		verdict = worse(verdict, in.Severity)
	}
	return verdict
}
