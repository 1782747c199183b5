package checks

import (
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var edgeAhead = register(Check{
	ID:      "edge.ahead",
	Summary: "edge is newer than the origin",
	Doc: "The edge listed a segment that the origin, asked afterwards, does not list. Either the nodes behind the " +
		"origin's name disagree, or the distribution fetches from another origin than the one that is monitored. Numbers " +
		"that are far apart, and an edge that has ended, are edge.body.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	Side:     probe.Edge,
	After:    2, Of: 3,
	Explains: []string{"edge.body"},
	Run: func(p *Pass) {
		h := p.History
		if h.Target.Side != probe.Origin || p.Obs.Playlist == nil || len(p.Obs.Playlist.Segments) == 0 {
			return
		}
		for _, e := range h.Edges {
			edge := e.Good
			if edge == nil || edge.Playlist.EndList || len(edge.Playlist.Segments) == 0 ||
				!edge.Exchange.Done.Before(p.Obs.Exchange.Started) {
				continue
			}
			at, before := last(edge.Playlist).MSN, last(p.Obs.Playlist).MSN
			if at > before && at-before <= evidence.FarApart {
				later := Seconds(p.Obs.Exchange.Started.Sub(edge.Exchange.Done))
				p.About(e).Reportf(probe.Error, "edge listed segment %d, the origin %s later only %d", at, later, before)
			}
		}
	},
})
