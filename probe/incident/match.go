package incident

import (
	"cmp"
	"slices"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
)

// match finds the open incident that each diagnosis continues: one of its causes that waits
// to be seen again, for others may have shown the fault first; then the one with the most
// causes in common, then the one that it explains or is explained by.
func (b *Book) match(all []diagnose.Diagnosis) []*entry {
	type pair struct {
		i     int
		e     *entry
		score int
	}
	var pairs []pair
	for i := range all {
		for _, e := range b.open {
			if s := e.common(&all[i]); s > 0 {
				pairs = append(pairs, pair{i, e, s})
			}
		}
	}
	waits := func(p pair) int {
		if !p.e.resumed.IsZero() && p.score >= cause {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		return cmp.Or(waits(b)-waits(a), cmp.Compare(b.score, a.score), a.e.Opened.Compare(b.e.Opened))
	})
	matched := make([]*entry, len(all))
	for _, p := range pairs {
		if matched[p.i] == nil && !p.e.seen {
			matched[p.i], p.e.seen = p.e, true
		}
	}
	return matched
}

// cause is what each cause in common counts for: more than all else together.
const cause = 1000

// common says how much a diagnosis has in common with the incident: 0 is
// another story.
func (e *entry) common(d *diagnose.Diagnosis) int {
	score := 0
	for i := range d.Parts {
		k := keyOf(&d.Parts[i])
		_, followed := e.follows[k]
		switch {
		case e.has(k), e.unnamed(&d.Parts[i]):
			score += cause
		case followed && k.at.Side == e.Side && !d.Fading:
			score += 10 // it went on all the while, seen by another check
		}
	}
	for i := range d.Follows {
		if e.has(keyOf(&d.Follows[i])) {
			score += 100 // its cause was found
		}
	}
	if !e.resumed.IsZero() && score == 0 && e.check == d.Check && e.Side == d.Side && e.Edge == d.Edge &&
		(hitsAny(d, e.Streams) || e.own(d)) {
		score = 1
	}
	return score
}

// has reports whether a check on a target was a cause of the incident, ever.
func (e *entry) has(k key) bool {
	_, ok := e.parts[k]
	return ok
}

// remains reports whether a diagnosis is what is left of an incident that is open, or
// was until lately: a fault of several edges or streams ends at each at its next poll.
// Only what is seen there once more is a fault of its own.
func (b *Book) remains(d *diagnose.Diagnosis) bool {
	left := func(e *entry) bool {
		return !slices.ContainsFunc(d.Parts, func(p diagnose.Part) bool {
			k := keyOf(&p)
			told := e.parts[k]
			if k.check == e.check {
				told = probe.Later(told, e.follows[k])
			}
			return d.Last.After(told)
		})
	}
	return len(d.Parts) > 0 && (slices.ContainsFunc(b.open, left) || slices.ContainsFunc(b.late, left))
}

// unnamed reports whether a cause is one of the incident's from when its target
// had no name.
func (e *entry) unnamed(p *diagnose.Part) bool {
	k := keyOf(p)
	k.rendition = ""
	return p.Unnamed && e.has(k)
}

// own reports whether a diagnosis that hits no stream is of the same vantages.
func (e *entry) own(d *diagnose.Diagnosis) bool {
	return len(d.Hits) == 0 && len(d.Vantages) > 0 && slices.Equal(d.Vantages, e.Vantages)
}

// hitsAny reports whether a diagnosis hits one of some streams, which are sorted.
func hitsAny(d *diagnose.Diagnosis, streams []string) bool {
	return slices.ContainsFunc(d.Hits, func(h diagnose.Hit) bool {
		_, hit := slices.BinarySearch(streams, h.Stream)
		return hit
	})
}
