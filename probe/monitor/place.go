package monitor

import (
	"slices"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// Edge is a further CDN in front of the same origin.
type Edge struct {
	Name         string
	URL          string            // base
	Personalised bool              // as in Options
	Headers      map[string]string // secret, sent to this edge only
	Cookies      map[string]string // likewise
	Sign         fetch.Signer      // of requests to it; nil signs none
}

// place is where all streams are asked: the origin, or one edge.
type place struct {
	probe.Place
	base         string
	personalised bool
	headers      map[string]string
	cookies      map[string]string
	sign         fetch.Signer
	client       *fetch.Client
}

// placesOf lists where an event is watched: the origin first, then the edges in
// their order. A single edge has no name.
func placesOf(o *Options) []*place {
	var all []*place
	if o.Origin != "" {
		all = append(all, &place{Place: probe.Place{Side: probe.Origin}, base: o.Origin, headers: o.Headers})
	}
	if o.Edge != "" {
		first := &place{
			Place: probe.Place{Side: probe.Edge}, base: o.Edge, personalised: o.Personalised,
			headers: o.EdgeHeaders, cookies: o.EdgeCookies, sign: o.EdgeSign,
		}
		if len(o.Edges) > 0 {
			first.Edge = o.EdgeName
		}
		all = append(all, first)
	}
	for i := range o.Edges {
		e := &o.Edges[i]
		all = append(all, &place{
			Place: probe.Place{Side: probe.Edge, Edge: e.Name}, base: e.URL, personalised: e.Personalised,
			headers: e.Headers, cookies: e.Cookies, sign: e.Sign,
		})
	}
	return all
}

// at is the index of a place among all; -1 when it is not watched.
func (m *Monitor) at(p probe.Place) int {
	return slices.IndexFunc(m.places, func(one *place) bool { return one.Place == p })
}

// watches reports whether a side is watched at all.
func (m *Monitor) watches(side probe.Side) bool {
	return slices.ContainsFunc(m.places, func(one *place) bool { return one.Side == side })
}

// edgeNames lists the edges by name; nil where there is one.
func (m *Monitor) edgeNames() (names []string) {
	for _, p := range m.places {
		if p.Edge != "" {
			names = append(names, p.Edge)
		}
	}
	return names
}

// PersonalisedEdges lists the edges that serve each viewer other segments, as
// checks.Options names them.
func (o *Options) PersonalisedEdges() (names []string) {
	for _, p := range placesOf(o) {
		if p.personalised {
			names = append(names, p.Edge)
		}
	}
	return names
}
