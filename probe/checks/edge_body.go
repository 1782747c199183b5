package checks

import "github.com/streamwatch/streamwatch/probe"

var edgeBody = register(Check{
	ID:      "edge.body",
	Summary: "edge serves a playlist that the origin never did",
	Doc: "A segment that both sides list under one number differs in URI (its query aside), duration, discontinuity, key or map, and the edge's text was never seen at the " +
		"origin: two packagers behind one name, a failover, or something at the edge rewrites it. A playlist tag that differs while the listed segments are the same: warning.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameCDN,
	After:    2, Of: 3,
	Explains: []string{"seg.mutated", "hdr.changed", "seg.status"},
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
		p.compareHeads(h.Pair.Playlist)
	},
})

// compareHeads reports the first playlist tag in which the edge differs from
// the origin. It can tell only while both list the same segments.
func (p *Pass) compareHeads(origin *probe.Playlist) {
	a, b := origin, p.Obs.Playlist
	if len(a.Segments) == 0 || len(b.Segments) == 0 || a.Segments[0].MSN != b.Segments[0].MSN || last(a).MSN != last(b).MSN {
		p.Silent = true
		return
	}
	if what := headDifference(a, b); what != "" {
		p.Reportf(probe.Warning, "%s differs from the origin's", what)
	}
}

// headDifference names the first playlist tag in which two playlists that list
// the same segments differ.
func headDifference(a, b *probe.Playlist) string {
	switch {
	case a.Version != b.Version:
		return "EXT-X-VERSION"
	case a.TargetDuration != b.TargetDuration:
		return "EXT-X-TARGETDURATION"
	case a.Start != b.Start:
		return "EXT-X-START"
	case a.IndependentSegments != b.IndependentSegments:
		return "EXT-X-INDEPENDENT-SEGMENTS"
	case a.ServerControl != b.ServerControl:
		return "EXT-X-SERVER-CONTROL"
	case a.Type != b.Type:
		return "EXT-X-PLAYLIST-TYPE"
	case a.EndList != b.EndList:
		return "EXT-X-ENDLIST"
	default:
		return ""
	}
}
