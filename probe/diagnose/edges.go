package diagnose

import (
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// Several edges in front of one origin are evidence for each other. What one of
// them shows and another does not is that one's own doing, even where the origin
// is not watched. What all of them show at one moment is hardly theirs: CDNs do
// not fail together, so it is what they share.

// peers is how the other edges of a stream are, by name, seen from a claim about
// one of them.
type peers struct {
	alike  []string // they show the same
	well   []string // they do not, as was seen since it began
	unseen []*evidence.State
}

// unite looks at the other edges for each cause at one of several, and makes
// one cause of what all edges of the stream show alike.
func (x *examination) unite(claims []*claim) {
	for _, c := range claims {
		if c.side != probe.Edge || c.edge == "" || c.parent != nil {
			continue
		}
		edges := edgesOf(c.stream.Targets)
		kin := x.kin(c, claims)
		c.peers = x.peersOf(c, edges, kin)
		if len(c.peers.alike) < len(edges)-1 {
			continue
		}
		c.shared = edges
		for _, other := range kin {
			if !leadsTo(c, other) {
				other.parent = c
			}
		}
	}
}

// kin returns the causes at other edges that are the same as a claim, and began
// about when it did.
func (x *examination) kin(c *claim, claims []*claim) (kin []*claim) {
	for _, other := range claims {
		elsewhere := other != c && other.side == probe.Edge && other.edge != c.edge
		if !elsewhere || other.parent != nil || other.past != c.past || other.dead() || c.dead() {
			continue
		}
		if kindOf(other) == kindOf(c) && other.began.Sub(c.began).Abs() <= c.together() {
			kin = append(kin, other)
		}
	}
	return kin
}

// dead reports whether a host cannot be reached at all, which nothing behind it
// can bring about.
func (c *claim) dead() bool {
	return c.check.Transport && !slices.ContainsFunc(c.symptoms, func(s *checks.Symptom) bool {
		return !s.Exchange.Failure.Unreachable()
	})
}

func (x *examination) peersOf(c *claim, edges []string, kin []*claim) (p peers) {
	for _, edge := range edges {
		switch {
		case edge == c.edge:
		case slices.ContainsFunc(kin, func(k *claim) bool { return k.edge == edge }):
			p.alike = append(p.alike, edge)
		default:
			well, unseen := c.comparedWith(edge)
			if well {
				p.well = append(p.well, edge)
			} else if unseen != nil {
				p.unseen = append(p.unseen, unseen)
			}
		}
	}
	return p
}

// comparedWith reports whether another edge was seen to be well since the claim
// began, or which of its playlists would tell and was not looked at yet. One
// that fails in another way is neither.
func (c *claim) comparedWith(edge string) (well bool, unseen *evidence.State) {
	for _, s := range c.symptoms {
		at := c.state(s)
		other := c.stream.find(at.Target.Rendition, probe.Place{Side: probe.Edge, Edge: edge})
		if other == nil || other.Failing() && other.Current.Exchange.Started.After(c.began) {
			continue
		}
		if c.betterAt(other, at) {
			return true, nil
		}
		if unseen == nil {
			unseen = other
		}
	}
	return false, unseen
}

// betterAt reports whether another edge has shown that it does not have the
// fault: by newer content than this one has, or by a good look since.
func (c *claim) betterAt(other, at *evidence.State) bool {
	if !c.check.Staleness {
		return c.seenSince(other) && (!c.check.Transport || !other.Failing())
	}
	if other.High > at.High && other.High < at.High+evidence.Numberings {
		return true
	}
	return other.Advanced.After(c.began)
}

// kindOf is what a claim has in common with the same fault at another edge.
func kindOf(c *claim) string { return familyOf(&story{claim: c}).what }

// alike reports whether all edges show what a group says.
func (g *group) alike() bool {
	return !slices.ContainsFunc(g.stories, func(st *story) bool { return len(st.shared) == 0 })
}

// edgeAlone reports whether one of several edges is what a group is about: all
// that it serves shows the fault, in every stream that there is, and nothing at
// another edge does.
func (x *examination) edgeAlone(g *group) bool {
	if g.place.Side != probe.Edge || g.place.Edge == "" || len(x.at(g.place)) > len(g.stories) {
		return false // of several streams, together tells
	}
	return !slices.ContainsFunc(g.stories, func(st *story) bool {
		hit := st.renditions()
		for _, c := range st.follows {
			if c.at() == st.at() {
				hit = append(hit, c.renditions()...)
			}
		}
		return len(st.peers.well) == 0 || !slices.Contains(hit, "") && st.others(hit) > 0
	})
}

// awaitPeers waits for a look at the other edges, which tells whose fault it is.
func (x *examination) awaitPeers(st *story, d *Diagnosis) {
	limit := st.began.Add(max(2*time.Second, st.td()) + time.Second)
	for _, other := range st.peers.unseen {
		if st.past || !x.now.Before(limit) {
			return
		}
		d.until(limit)
		d.Asks = append(d.Asks, other.Target)
	}
}

// blameAlike moves the blame from the CDNs to what they share, when all edges
// show the same at one moment.
func blameAlike(st *story, origin *evidence.State, blame probe.Blame, why string) (probe.Blame, string) {
	if !strings.HasPrefix(why, "the ") && !strings.HasPrefix(why, "seen ") && st.check.Transport {
		why = "each " + why
	}
	why = "all edges alike (" + strings.Join(st.shared, ", ") + "): " + why
	watched := origin != nil && origin.Polls > 0
	switch {
	case blame != probe.BlameCDN && blame != probe.BlameUnknown:
		return blame, why
	case !watched && st.check.Blame != probe.BlameCDN:
		return st.check.Blame, why + "; they share their source"
	case !watched:
		return probe.BlameOrigin, why + "; they share the origin"
	case st.check.Transport:
		return probe.BlameOrigin, why +
			"; CDNs do not fail together: the origin, or the way to it, fails for them but not for us"
	default:
		const look = "; CDNs do not fail together: look at what they share, such as cache settings or an origin shield"
		return probe.BlameConfig, why + look
	}
}

// beside says how the other edges are, and the origin where it is newer: the
// end of a sentence about one edge.
func (c *claim) beside(origin *evidence.State) string {
	if len(c.peers.well) == 0 || len(c.shared) > 0 {
		return ""
	}
	text := "; " + and(c.peers.well) + " " + are(len(c.peers.well)) + " fine"
	if c.check.Staleness && origin != nil && origin.Polls > 0 && !origin.Failing() {
		text += " and the origin is fresh"
	}
	return text
}

func and(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
