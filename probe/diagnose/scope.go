package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// group is one cause with the stories of all streams that it is told in.
type group struct {
	stories []*story
	place   place
	scope   probe.Scope
	path    bool // our own path
	well    int  // other streams on the host that have been well since
	unknown int  // other streams on the host that nobody has looked at since
}

// family is what a story has in common with those of other streams that have
// the same cause: whatever way a host fails, and whatever way it stands still.
type family struct {
	place
	what string
}

const (
	forbidden = "forbidden" // a host that refuses something is not one that fails
	transport = "transport"
	staleness = "staleness"
)

func familyOf(st *story) family {
	f := family{place: st.place(), what: st.check.ID}
	switch {
	case st.check.Transport && st.forbidden():
		f.what = forbidden
	case st.check.Transport:
		f.what = transport
	case st.check.Staleness:
		f.what = staleness
	}
	return f
}

// place is where a claim's targets are asked at.
func (c *claim) place() place { return place{c.at(), c.host} }

// join makes one cause of the stories that have one.
func (x *examination) join() []*group {
	var all []*group
	var ours *group
	byFamily := map[family]*group{}
	for _, st := range x.stories {
		if x.ours(st.claim) {
			if ours == nil {
				ours = &group{path: true, scope: probe.ScopeEvent}
				all = append(all, ours)
			}
			ours.stories = append(ours.stories, st)
			continue
		}
		f := familyOf(st)
		if len(st.shared) > 0 {
			f.what += " at all edges"
		}
		g := byFamily[f]
		if g == nil {
			g = &group{place: f.place}
			byFamily[f] = g
			all = append(all, g)
		}
		g.stories = append(g.stories, st)
	}
	var out []*group
	for _, g := range all {
		if g.path {
			out = append(out, g)
			continue
		}
		out = append(out, x.split(g)...)
	}
	return out
}

// split returns the group as one when its host is the cause, and else one group
// for each stream.
func (x *examination) split(g *group) []*group {
	hostScope := probe.ScopeOrigin
	if g.place.Side == probe.Edge {
		hostScope = probe.ScopeEdge
	}
	x.company(g)
	together := x.together(g)
	switch {
	case together && g.alike():
		g.scope = probe.ScopeEvent
		return []*group{g}
	case g.alike():
	case together, hostAlone(g), g.elsewhere(), x.edgeAlone(g):
		g.scope = hostScope
		return []*group{g}
	}
	all := make([]*group, 0, len(g.stories))
	for _, st := range g.stories {
		one := &group{stories: []*story{st}, place: g.place, scope: scopeOf(st), well: g.well, unknown: g.unknown}
		all = append(all, one)
	}
	return all
}

// together reports whether the same on several streams is the doing of their
// host: it is so on most of those that were looked at since it began, or on
// three at least that began together.
func (x *examination) together(g *group) bool {
	n := len(g.stories)
	if n < 2 {
		return false
	}
	sick := slices.ContainsFunc(g.stories, func(st *story) bool { return st.sick })
	if n > g.well || !sick { // what is over, and only holds, is not taken apart
		return true
	}
	first, last, td := g.stories[0].began, g.stories[0].began, time.Duration(0)
	for _, st := range g.stories {
		td = max(td, st.together())
		if st.began.Before(first) {
			first = st.began
		}
		if st.began.After(last) {
			last = st.began
		}
	}
	return n >= 3 && last.Sub(first) <= td
}

// hostAlone reports whether a single stream shows that its host is the cause:
// no connection to it can be had, whatever is asked for.
func hostAlone(g *group) bool {
	for _, st := range g.stories {
		if !st.check.Transport {
			return false
		}
		for _, s := range st.symptoms {
			if !s.Exchange.Failure.Unreachable() {
				return false
			}
		}
	}
	return true
}

// elsewhere reports whether all of a group's streams show it on a host of its
// own, in all that they have there.
func (g *group) elsewhere() bool {
	for _, st := range g.stories {
		if !st.stream.elsewhere(st.state(st.symptoms[0])) || !st.alone() || !st.whole() {
			return false
		}
	}
	return true
}

// scopeOf is the scope of what one stream shows alone.
func scopeOf(st *story) probe.Scope {
	renditions := st.renditions()
	if len(renditions) == 1 && renditions[0] != "" && st.others(renditions) > 0 {
		return probe.ScopeRendition
	}
	return probe.ScopeStream
}

// others is how many further media playlists its place has than those hit.
func (c *claim) others(hit []string) int {
	n := 0
	for _, t := range c.stream.Targets {
		if t.Target.Place() == c.at() && t.Target.Rendition != "" && !slices.Contains(hit, t.Target.Rendition) {
			n++
		}
	}
	return n
}

// company counts the other streams on the host: those that have been well since
// the fault began, and those that nobody has looked at since.
func (x *examination) company(g *group) {
	since, due := g.stories[0].began, time.Time{}
	silent := g.stories[0].check.Transport && !g.stories[0].answered()
	for _, st := range g.stories {
		if st.began.Before(since) {
			since = st.began
		}
		for _, s := range st.symptoms {
			if t := st.state(s); t.Advanced.Add(t.TD).After(due) {
				due = t.Advanced.Add(t.TD)
			}
		}
	}
	tells := g.teller()
	for _, p := range x.at(g.place) {
		if tells(p.Stream) {
			continue
		}
		stirring := func() bool { return x.stirring(p.Stream, g.place.Place) }
		var well bool
		switch {
		case silent:
			well = p.Answered.After(since.Add(roundTrip))
		case g.stories[0].check.Staleness:
			well = p.Advanced.After(due)
		default:
			well = p.Round.After(since) && !stirring()
		}
		switch {
		case well:
			g.well++
		case !stirring():
			g.unknown++
		}
	}
}

// forbidden reports whether a host answers that there is nothing, or nothing for
// us, and not that it fails.
func (c *claim) forbidden() bool {
	status := c.worst().Exchange.Status
	return status >= 400 && status < 500
}

// answered reports whether a playlist that cannot be had is at least answered
// for: then others on the host may be well all the same.
func (c *claim) answered() bool {
	return c.worst().Exchange.Status > 0
}

// teller returns whether a stream is one of the group's.
func (g *group) teller() func(stream string) bool {
	if len(g.stories) < 8 {
		return func(stream string) bool {
			return slices.ContainsFunc(g.stories, func(st *story) bool { return st.stream.Name == stream })
		}
	}
	told := make(map[string]bool, len(g.stories))
	for _, st := range g.stories {
		told[st.stream.Name] = true
	}
	return func(stream string) bool { return told[stream] }
}

// stirring reports whether a stream shows anything at a place.
func (x *examination) stirring(stream string, at probe.Place) bool {
	s := x.named[stream]
	return s != nil && slices.ContainsFunc(s.Symptoms, func(s checks.Symptom) bool {
		return s.Side == at.Side && s.Edge == at.Edge && s.Sick
	})
}

// lead is the story that the others are told by: the one that was ready first.
func (g *group) lead() *story {
	return slices.MinFunc(g.stories, func(a, b *story) int {
		return cmp.Or(compareBool(a.past, b.past), compareBool(a.ready.IsZero(), b.ready.IsZero()),
			a.ready.Compare(b.ready), cmp.Compare(a.check.ID, b.check.ID), cmp.Compare(a.stream.Name, b.stream.Name))
	})
}

// speaker is the story that the blame is read off: the first one that is still
// seen.
func (g *group) speaker() *story {
	return slices.MinFunc(g.stories, func(a, b *story) int {
		return cmp.Or(compareBool(!a.sick, !b.sick), compareBool(a.past, b.past), a.ready.Compare(b.ready),
			cmp.Compare(a.stream.Name, b.stream.Name))
	})
}

// others says how other streams on the host are: "the same for 28 of the 30
// streams on this host".
func (g *group) others() string {
	n := len(g.stories)
	switch {
	case g.path:
		return ""
	case n == 1 && g.well > 0:
		return fmt.Sprintf("; %s on this host %s well", checks.Count(g.well, "other stream"), are(g.well))
	case n > 1 && g.well == 0:
		return fmt.Sprintf("; the same for all %d streams on this host that were looked at", n)
	case n > 1:
		return fmt.Sprintf("; the same for %d of the %d streams on this host", n, n+g.well)
	default:
		return ""
	}
}
