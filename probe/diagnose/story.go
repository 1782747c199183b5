package diagnose

import (
	"cmp"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// story is a cause in one stream with what it explains.
type story struct {
	*claim
	follows []*claim
}

// tell sorts the symptoms of a stream into causes and consequences.
func (x *examination) tell(s *Stream) {
	claims := claimsOf(s)
	for _, c := range claims {
		c.parent = x.parentOf(c, claims)
	}
	x.unite(claims)
	at := map[*claim]*story{}
	var stories []*story
	for _, c := range claims {
		root := rootOf(c)
		if root.ready.IsZero() && c.ready.IsZero() || at[root] != nil {
			continue // too little evidence as yet
		}
		at[root] = &story{claim: root}
		stories = append(stories, at[root])
	}
	for _, c := range claims {
		if st := at[rootOf(c)]; st != nil && st.claim != c && !c.past {
			st.follows = append(st.follows, c)
		}
	}
	// What is over and explains nothing that is still seen is no story any more.
	for _, st := range stories {
		seen := func(c *claim) bool { return c.sick || x.comesAndGoes(st, c) }
		if !st.past || slices.ContainsFunc(st.follows, seen) {
			x.stories = append(x.stories, st)
		}
	}
}

// comesAndGoes reports whether what the edge cannot give, because the origin fails
// by turns, may be lost again at the next poll.
func (x *examination) comesAndGoes(st *story, c *claim) bool {
	if c.past || !c.check.Transport || !st.check.Transport || c.side == st.side {
		return false
	}
	return slices.ContainsFunc(st.symptoms, func(s *checks.Symptom) bool { return st.state(s).ByTurns(x.now) })
}

// claimsOf groups the symptoms of a stream by check, place and host.
func claimsOf(s *Stream) []*claim {
	var all []*claim
	for i := range s.Symptoms {
		sym := &s.Symptoms[i]
		one := claim{stream: s, check: sym.Check, side: sym.Side, edge: sym.Edge, past: true}
		one.host = one.state(sym).Host
		j := slices.IndexFunc(all, func(c *claim) bool {
			return c.check == one.check && c.at() == one.at() && c.host == one.host
		})
		if j < 0 {
			added := one
			all = append(all, &added)
			j = len(all) - 1
		}
		all[j].add(sym)
	}
	return all
}

func rootOf(c *claim) *claim {
	for range 64 { // no chain is longer, and a ring is broken where it was made
		if c.parent == nil {
			return c
		}
		c = c.parent
	}
	return c
}

// parentOf returns the claim that explains c: of several one that still holds,
// then the one that began first.
func (x *examination) parentOf(c *claim, claims []*claim) *claim {
	var best *claim
	for _, cause := range claims {
		if cause == c || !x.explains(cause, c) || leadsTo(cause, c) {
			continue
		}
		if best == nil || cmp.Or(compareBool(best.past, cause.past), best.began.Compare(cause.began)) > 0 {
			best = cause
		}
	}
	return best
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// leadsTo reports whether c is what explains a claim already: no ring.
func leadsTo(claim, c *claim) bool {
	for ; claim != nil; claim = claim.parent {
		if claim == c {
			return true
		}
	}
	return false
}

// explains reports whether a cause can have a consequence.
func (x *examination) explains(cause, c *claim) bool {
	switch {
	case cause.side != c.side && cause.side != probe.Origin:
		return false // what the edge does cannot be seen at the origin
	case cause.side == c.side && cause.edge != c.edge:
		return false // nor at another edge
	case c.check.Apart && (cause.side != c.side || !slices.Contains(cause.check.Explains, c.check.ID)):
		return false
	case cause.side == c.side && cause.check.Staleness && c.check.Staleness:
		return !cause.past && before(cause, c) // ways to see one side stand still: the first one names it
	case cause.check == c.check && cause.side == c.side, cause.check != c.check && !cause.check.ExplainsCheck(c.check.ID):
		return false
	case c.check.ExplainsCheck(cause.check.ID) && cause.side == c.side && !before(cause, c):
		return false // each can explain the other: the first one does
	case cause.ready.IsZero() && !stirs(cause, c):
		return false
	case cause.began.After(c.began.Add(2*c.together()+cause.unseen(c))) && !x.passesOn(cause, c):
		return false // a cause does not come long after its consequence
	case !cause.reaches(c):
		return false
	}
	if cause.side == c.side {
		return !cause.past || c.last.Before(cause.last.Add(c.td())) || recovers(c.check)
	}
	return cause.sick || x.lingers(cause, c)
}

// ladderEvery is how often a multivariant playlist that is well is asked for.
const ladderEvery = 30 * time.Second

// unseen is how much later than its consequence a cause can be seen, being looked
// for more rarely: multivariant playlists are asked for twice a minute, each side
// at its own moment.
func (c *claim) unseen(consequence *claim) time.Duration {
	if c.check == consequence.check && slices.Equal(c.renditions(), []string{""}) {
		return ladderEvery
	}
	return 0
}

// passesOn reports whether what an edge fails with now is what its origin answers
// by turns, however long ago either was first seen.
func (x *examination) passesOn(cause, c *claim) bool {
	if !cause.check.Transport || !c.check.Transport || cause.side != probe.Origin || c.side != probe.Edge {
		return false
	}
	return c.sick && !slices.ContainsFunc(c.symptoms, func(s *checks.Symptom) bool {
		edge := c.state(s)
		origin := c.stream.pair(edge)
		return s.Sick && (origin == nil || !edge.Failing() || !origin.Failing() && !x.byTurns(c.stream, edge, origin))
	})
}

// stirs reports whether a cause that has too little evidence as yet already
// explains what the other side shows: the origin is about to show it too.
func stirs(cause, c *claim) bool {
	follows := cause.check == c.check || cause.check.Transport && (c.check.Transport || c.check.Staleness)
	return cause.side == probe.Origin && c.side == probe.Edge && follows
}

// before reports whether a claim had its evidence before another one.
func before(a, b *claim) bool {
	if a.ready.IsZero() || b.ready.IsZero() {
		return b.ready.IsZero() && !a.ready.IsZero() || a.ready.Equal(b.ready) && a.check.ID < b.check.ID
	}
	one, other := a.check.ExplainsCheck(b.check.ID), b.check.ExplainsCheck(a.check.ID)
	if d := a.ready.Compare(b.ready); d != 0 {
		return d < 0
	}
	if one != other {
		return one
	}
	return a.check.ID < b.check.ID
}

// lingers reports whether what the edge shows is what the origin left there: a
// cause at the origin was bad until lately, and a cache gives on what it has.
func (x *examination) lingers(cause, c *claim) bool {
	for _, s := range c.symptoms {
		edge := c.state(s)
		origin := c.stream.pair(edge)
		switch {
		case origin == nil, !s.Sick:
		case c.check.Staleness && cause.check.Transport && x.waits(edge, origin):
		case c.check.Staleness:
			// The ring tells since when the origin had better to give.
			limit := min(edge.Allowance, 3*edge.TD/2) + max(3*edge.TD/2, 2*time.Second)
			if !edge.Recovered.IsZero() && x.now.Sub(edge.Recovered) < limit {
				continue // it answers again only now
			}
			if cause.check.Transport {
				limit = max(limit, echoes) // its request may still wait
			}
			// What was about to be replaced when the origin failed is as old as that.
			kept := cause.check.Transport && x.now.Sub(cause.last) < limit &&
				x.now.Add(-edge.Lag.Age).After(failedFrom(cause, origin).Add(-edge.Allowance-edge.TD))
			if edge.Lag.Known && edge.Lag.Age > limit && !kept {
				return false
			}
		case c.check.Transport:
			if origin.Failing() {
				continue
			}
			if !x.keptError(c.stream, edge, origin) {
				return false
			}
		case s.Since.After(cause.last.Add(edge.Allowance + 2*max(edge.TD, time.Second))):
			return false
		}
	}
	return true
}

// failedFrom is when an origin began to fail: with the request that was the first
// to get no answer, not with the end of its wait.
func failedFrom(cause *claim, origin *evidence.State) time.Time {
	if from := origin.FailedFrom; !from.IsZero() && from.Before(cause.began) {
		return from
	}
	return cause.began
}
