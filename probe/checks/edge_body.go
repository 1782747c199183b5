package checks

import (
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var edgeBody = register(Check{
	ID:      "edge.body",
	Summary: "edge serves a playlist that the origin never did",
	Doc: "The edge lists segments in numbers far from the origin's (more than 64 ahead, or a thousand behind), moves on, and its text was never seen at the origin: critical, it serves another stream. A segment that both sides list under one number differs in URI (its query aside), duration, discontinuity, key or map, and the edge's text was never seen at the " +
		"origin: two packagers behind one name, a failover, or something at the edge rewrites it. Where all names differ in the number or id of a session only, or in the place before the last part, or segments differ in ad breaks only (between EXT-X-CUE-OUT and EXT-X-CUE-IN, " +
		"or in runs between discontinuities beside others that are the origin's), or the event calls the edge personalised: info. A playlist tag that differs while the listed segments are the same: warning.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
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
		if h.Personalised {
			p.Reportf(probe.Info, "the event says that each viewer is served other segments")
			return
		}
		if p.otherNumbers() {
			return
		}
		switch {
		case evidence.Renamed(h.Pair.Playlist, p.Obs.Playlist):
			p.Reportf(probe.Info, "the origin's segments under names of another session")
			return
		case differs(h.Pair, p.Obs) && evidence.Relocated(h.Pair.Playlist, p.Obs.Playlist):
			p.Reportf(probe.Info, "the origin's segments at other addresses")
			return
		case differs(h.Pair, p.Obs) && evidence.Stitched(h.Pair.Playlist, p.Obs.Playlist):
			p.Reportf(probe.Info, "other segments in ad breaks; between them it is the origin's")
			return
		}
		for i := range p.Obs.Playlist.Segments {
			edge := &p.Obs.Playlist.Segments[i]
			origin, ok := h.Pair.Playlist.Find(edge.MSN)
			if !ok {
				continue
			}
			if what := difference(athome(origin, h.Pair.Good.Exchange.Address), athome(edge, p.Obs.Exchange.Address)); what != "" {
				p.Reportf(probe.Error, "segment %d, origin against edge: %s", edge.MSN, what)
				return
			}
		}
		p.compareHeads(h.Pair.Playlist)
	},
})

// differs reports whether an edge lists a segment in another way than its origin.
func differs(origin *evidence.History, edge *probe.Observation) bool {
	for i := range edge.Playlist.Segments {
		s := &edge.Playlist.Segments[i]
		if o, ok := origin.Playlist.Find(s.MSN); ok && difference(athome(o, origin.Good.Exchange.Address), athome(s, edge.Exchange.Address)) != "" {
			return true
		}
	}
	return false
}

// otherNumbers reports an edge whose segments are numbered far from the
// origin's, and which moves on: it is not late, it plays something else.
func (p *Pass) otherNumbers() bool {
	h, edge, origin := p.History, p.Obs.Playlist, p.History.Pair.Playlist
	if !edge.Live() || !origin.Live() || len(edge.Segments) == 0 || len(origin.Segments) == 0 || !h.Fresh(p.Now, 3*h.TD()+h.Allowance()) {
		return false
	}
	at, there := last(edge).MSN, last(origin).MSN
	if !p.another(edge) && at+evidence.Numberings > there {
		return false
	}
	p.Reportf(probe.Critical, "it lists segments up to %d, the origin up to %d: another stream", at, there)
	return true
}

// another reports whether a playlist of an edge is of another stream than its
// origin's: it is too far ahead to be anything else.
func (p *Pass) another(edge *probe.Playlist) bool {
	pair := p.History.Pair
	return p.History.Target.Side == probe.Edge && pair != nil && pair.Playlist != nil && len(pair.Playlist.Segments) > 0 && last(edge).MSN > last(pair.Playlist).MSN+evidence.FarApart
}

// athome returns a segment with addresses on the playlist's own server as paths:
// a server that writes its own name into them names each side by its own.
func athome(s *probe.Segment, playlist probe.Address) *probe.Segment {
	own := playlist.Site() + "/"
	if own == "/" || !strings.HasPrefix(s.URI, own) && (s.Map == nil || !strings.HasPrefix(s.Map.URI, own)) && !slices.ContainsFunc(s.Keys, func(k probe.Key) bool { return strings.HasPrefix(k.URI, own) }) {
		return s
	}
	path := func(u string) string {
		if rest, own := strings.CutPrefix(u, own); own {
			return "/" + rest
		}
		return u
	}
	at := *s
	at.URI, at.Keys = path(s.URI), slices.Clone(s.Keys)
	for i := range at.Keys {
		at.Keys[i].URI = path(at.Keys[i].URI)
	}
	if s.Map != nil {
		m := *s.Map
		m.URI = path(m.URI)
		at.Map = &m
	}
	return &at
}

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
