package diagnose

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// hit is what viewers of one stream suffer from a story. Critical is only what
// leaves no rendition that plays, or lets no new viewer start; what one
// rendition, a backup or subtitles suffer is an error at most.
func (x *examination) hit(st *story) Hit {
	h := Hit{Stream: st.stream.Name}
	dead := map[Dead]bool{}
	for _, c := range append([]*claim{st.claim}, st.follows...) {
		ripe := c.check.Ripens && c.severity() >= probe.Critical // what fails in the same way is about to be as bad
		for _, s := range c.symptoms {
			t := c.state(s)
			if c == st.claim || c.side == probe.Edge {
				h.add(t.Target.Rendition)
			}
			if c == st.claim {
				h.Severity = max(h.Severity, s.Severity)
			}
			grave := s.Severity >= probe.Critical || ripe && s.Sick && !s.Ready.IsZero()
			if grave && (s.Sick || s.Ended.IsZero()) && (x.felt(st.stream, t) || keyElsewhere(s, t)) {
				dead[Dead{t.Target.Edge, t.Target.Rendition}] = true
			}
		}
	}
	if h.Severity < probe.Critical {
		for _, c := range st.follows { // a cause is as bad as what it does to viewers
			if c.side == probe.Edge {
				h.Severity = max(h.Severity, c.severity())
			}
		}
	}
	for r := range dead {
		h.Dead = append(h.Dead, r)
	}
	slices.SortFunc(h.Dead, func(a, b Dead) int {
		return cmp.Or(cmp.Compare(a.Edge, b.Edge), cmp.Compare(a.Rendition, b.Rendition))
	})
	slices.Sort(h.Renditions)
	// A host that is silent to one playlist may be silent to all.
	alive := func(t *evidence.State) bool { return !st.check.Transport || st.seenSince(t) }
	if h.Severity >= probe.Critical && !nothingPlays(st.stream.Targets, st.side, h.Dead, alive) {
		h.Severity = probe.Error
	}
	return h
}

func (h *Hit) add(r string) {
	if !slices.Contains(h.Renditions, r) {
		h.Renditions = append(h.Renditions, r)
	}
}

func (c *claim) severity() (worst probe.Severity) {
	for _, s := range c.symptoms {
		worst = max(worst, s.Severity)
	}
	return worst
}

// felt reports whether viewers notice what a target shows: at the edge, or at an
// origin whose edge is not watched or does not play either.
func (x *examination) felt(s *Stream, t *evidence.State) bool {
	if t.Target.Side == probe.Edge {
		return true
	}
	edge := s.pair(t)
	return edge == nil || edge.Polls == 0 || !edge.Plays(x.now) || s.shows(edge)
}

// keyElsewhere reports whether a symptom is of a key on a server of its own. It is
// asked for at the origin alone, and viewers get it from nowhere else.
func keyElsewhere(s *checks.Symptom, t *evidence.State) bool {
	if s.Check.When != checks.OnKey || s.Exchange == nil || t.Target.Side != probe.Origin {
		return false
	}
	u, err := url.Parse(string(s.Exchange.URL))
	return err == nil && !strings.EqualFold(u.Host, t.Host)
}

// shows reports whether a target has a symptom that some players stop at.
func (s *Stream) shows(t *evidence.State) bool {
	return slices.ContainsFunc(s.Symptoms, func(sym checks.Symptom) bool {
		return s.Targets[sym.Target] == t && sym.Ended.IsZero() && sym.Severity >= probe.Error
	})
}

// NothingPlays reports whether what several causes take together leaves viewers
// nothing.
func NothingPlays(targets []*evidence.State, dead []Dead) bool {
	side := probe.Origin
	if slices.ContainsFunc(targets, func(t *evidence.State) bool { return t.Target.Side == probe.Edge }) {
		side = probe.Edge
	}
	return nothingPlays(targets, side, dead, func(t *evidence.State) bool { return t.Polls > 0 })
}

// addUp makes errors critical that leave viewers of a stream nothing together,
// though none of them does alone: one CDN has failed, and then, for another
// reason, the other one.
func (x *examination) addUp(all []Diagnosis) {
	for i := range x.event.Streams {
		s := &x.event.Streams[i]
		var hits []*Hit
		var of []*Diagnosis
		var dead []Dead
		for j := range all {
			d := &all[j]
			k, hit := slices.BinarySearchFunc(d.Hits, s.Name, func(h Hit, name string) int { return compare(h.Stream, name) })
			if !hit || d.Fading || d.Ready.IsZero() || d.Hits[k].Severity < probe.Error || len(d.Hits[k].Dead) == 0 {
				continue
			}
			hits, of, dead = append(hits, &d.Hits[k]), append(of, d), append(dead, d.Hits[k].Dead...)
		}
		if len(hits) < 2 || !NothingPlays(s.Targets, dead) {
			continue
		}
		for j := range hits {
			hits[j].Severity, of[j].Severity = probe.Critical, probe.Critical
		}
	}
}

// nothingPlays reports whether what is dead leaves viewers nothing on any edge:
// who has another one is not without picture.
func nothingPlays(targets []*evidence.State, side probe.Side, dead []Dead, alive func(*evidence.State) bool) bool {
	edges := edgesOf(targets)
	if len(edges) == 0 {
		edges = []string{""}
	}
	for _, edge := range edges {
		var there []string // dead on this edge
		for _, d := range dead {
			if d.Edge == "" || d.Edge == edge {
				there = append(there, d.Rendition)
			}
		}
		at := probe.Place{Side: side}
		if side == probe.Edge {
			at.Edge = edge
		}
		if !nothingPlaysAt(targets, at, there, alive) {
			return false
		}
	}
	return true
}

// edgesOf returns the names of the edges of a stream that has several; of one
// edge the name is empty.
func edgesOf(targets []*evidence.State) (names []string) {
	for _, of := range targets {
		if t := &of.Target; t.Side == probe.Edge && !slices.Contains(names, t.Edge) {
			names = append(names, t.Edge)
		}
	}
	return names
}

// nothingPlaysAt reports whether what is dead leaves viewers nothing at a place:
// the multivariant playlist, without which nobody can start, every variant that
// was alive, or every audio rendition.
func nothingPlaysAt(targets []*evidence.State, at probe.Place, dead []string, alive func(*evidence.State) bool) bool {
	if slices.Contains(dead, "") {
		return true
	}
	plays, lost := map[probe.Role]bool{}, map[probe.Role]bool{}
	for _, t := range targets {
		if t.Target.Rendition == "" || t.Target.Place() != at {
			continue
		}
		if slices.Contains(dead, t.Target.Rendition) {
			lost[t.Target.Role] = true
		} else if alive(t) {
			plays[t.Target.Role] = true
		}
	}
	return lost[probe.RoleVideo] && !plays[probe.RoleVideo] || lost[probe.RoleAudio] && !plays[probe.RoleAudio]
}

// seenSince returns whether a target was looked at, in the way that a check
// looks, after something began.
func (c *claim) seenSince(t *evidence.State) bool {
	switch c.check.When {
	case checks.OnSegment, checks.OnInit, checks.OnKey:
		return t.Probed.After(c.began)
	case checks.OnLowLatency:
		return t.Delivered.After(c.began)
	default:
		return t.Current != nil && t.Current.Exchange.Started.After(c.began)
	}
}
