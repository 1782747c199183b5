package checks

import "github.com/streamwatch/streamwatch/probe"

var edgeBody = register(Check{
	ID:      "edge.body",
	Summary: "edge serves a playlist that the origin never did",
	Doc: "A segment that both sides list under one number differs in URI (its query aside), duration, discontinuity, key or map, and the edge's text was never seen at the " +
		"origin: two packagers behind one name, a failover, or something at the edge rewrites it.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameCDN,
	After:    2, Of: 3,
	Run: func(p *Pass) {
		h := p.History
		if h.Target.Side != probe.Edge || h.Pair == nil || h.Pair.Playlist == nil || p.Obs.Playlist == nil || p.Obs.Hash == 0 {
			return
		}
		if _, ok := h.Pair.FindVersion(p.Obs.Hash); ok {
			return
		}
		for i := range p.Obs.Playlist.Segments {
			edge := &p.Obs.Playlist.Segments[i]
			origin, ok := h.Pair.Playlist.Find(edge.MSN)
			if !ok {
				continue
			}
			if what := difference(origin, edge); what != "" {
				p.Reportf(probe.Error, "segment %d, origin against edge: %s", edge.MSN, what)
				return
			}
		}
	},
})
