package checks

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var edgeBody = register(Check{
	ID:      "edge.body",
	Summary: "edge serves a playlist that the origin never did",
	Doc: "The edge serves a text that was never seen at the origin. Critical when it moves on and its segments are " +
		"numbered far from the origin's (more than 64 ahead or 1000 behind): it serves another stream. Critical, too, when " +
		"it has EXT-X-ENDLIST and the origin goes on: it keeps a broadcast that is over. Error when no variant of the " +
		"multivariant playlist has a height or an address of the origin's: it is another stream's. Error when a segment " +
		"that both sides list under one number differs in URI (without its query), duration, discontinuity, key or map: " +
		"two packagers behind one name, a failover, or something at the edge that rewrites the playlist. Warning when the " +
		"segments are the same and a playlist tag differs. Info when all names differ in a session's number or id only, or " +
		"in any one word while what was probed under them is the same, or only in the path before the file name; when " +
		"segments differ only in ad breaks (between EXT-X-CUE-OUT and EXT-X-CUE-IN, or between discontinuities where other " +
		"runs are the origin's); and when the event calls the edge personalised.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameCDN,
	After:    2, Of: 3,
	Explains: []string{"seg.mutated", "hdr.changed", "seg.status", "mv.changed"},
	Run: func(p *Pass) {
		origin, ok := p.origin()
		if !ok || origin.Playlist == nil || p.Obs.Playlist == nil || p.Obs.Hash == 0 {
			return
		}
		if _, ok := origin.FindVersion(p.Obs.Hash); ok {
			return
		}
		if p.History.Personalised {
			p.Reportf(probe.Info, "the event says that the edge serves each viewer other segments")
			return
		}
		if p.otherLadder() || p.otherNumbers() {
			return
		}
		msn, what := firstDifference(origin, p.Obs)
		switch {
		case evidence.Renamed(origin.Playlist, p.Obs.Playlist):
			p.Reportf(probe.Info, "the origin's segments under names of another session")
		case what == "":
			p.compareHeads(origin.Playlist)
		case evidence.Relocated(origin.Playlist, p.Obs.Playlist):
			p.Reportf(probe.Info, "the origin's segments at other addresses")
		case evidence.Stitched(origin.Playlist, p.Obs.Playlist):
			p.Reportf(probe.Info, "other segments in ad breaks; between them it is the origin's")
		default:
			same, compared := p.History.SameBytes(origin)
			switch {
			case same:
				p.Reportf(probe.Info, "the origin's segments under other names: what was probed of them is the same")
			case !compared && len(p.History.Segments) > 0:
				p.Silent = true // the next segment tells
			default:
				p.Reportf(probe.Error, "segment %d, origin against edge: %s", msn, what)
			}
		}
	},
})

// firstDifference returns the first segment that an edge lists in another way
// than its origin, and how; "" when there is none.
func firstDifference(origin *evidence.History, edge *probe.Observation) (msn uint64, what string) {
	for i := range edge.Playlist.Segments {
		s := &edge.Playlist.Segments[i]
		o, ok := origin.Playlist.Find(s.MSN)
		if !ok {
			continue
		}
		here, there := athome(s, edge.Exchange.Address), athome(o, origin.Good.Exchange.Address)
		if what := difference(there, here); what != "" {
			return s.MSN, what
		}
	}
	return 0, ""
}

// otherLadder reports an edge whose multivariant playlist has nothing in common
// with its origin's.
func (p *Pass) otherLadder() bool {
	edge, origin := p.Obs.Playlist, p.History.Pair.Playlist
	if edge.Kind != probe.Multivariant || origin.Kind != probe.Multivariant || !evidence.Disjoint(edge, origin) {
		return false
	}
	p.Reportf(probe.Error, "none of its variants is the origin's (%s, the origin %s): another stream",
		heights(edge), heights(origin))
	return true
}

// heights lists the heights of a ladder's variants: "720p, 360p".
func heights(p *probe.Playlist) string {
	var list []string
	for i := range p.Variants {
		if h := strconv.Itoa(p.Variants[i].Height) + "p"; !slices.Contains(list, h) {
			list = append(list, h)
		}
	}
	return strings.Join(list, ", ")
}

// otherNumbers reports an edge whose segments are numbered far from the
// origin's, and which moves on: it is not late, it plays something else.
func (p *Pass) otherNumbers() bool {
	h, edge, origin := p.History, p.Obs.Playlist, p.History.Pair.Playlist
	if !origin.Live() || len(edge.Segments) == 0 || len(origin.Segments) == 0 {
		return false
	}
	if edge.EndList {
		return p.isOver()
	}
	if !edge.Live() {
		return false
	}
	if movesOn := h.Fresh(p.Now, 3*h.TD()+h.Allowance()); !movesOn {
		return false
	}
	at, there := last(edge).MSN, last(origin).MSN
	if !p.another(edge) && at+evidence.Numberings > there {
		return false
	}
	p.Reportf(probe.Critical, "it lists segments up to %d, the origin up to %d: another stream", at, there)
	return true
}

// isOver reports an edge whose playlist has ended while its origin lists more.
func (p *Pass) isOver() bool {
	h, origin := p.History, p.History.Pair
	goesOn := len(origin.Versions) > 1 && origin.Advanced.After(h.Advanced)
	if !goesOn || p.Stream.Over(p.Now.Add(time.Minute)) {
		return false
	}
	p.Reportf(probe.Critical, "EXT-X-ENDLIST after segment %d, and the origin goes on with %d: a broadcast that is over",
		last(p.Obs.Playlist).MSN, origin.High)
	return true
}

// another reports whether a playlist of an edge is of another stream than its
// origin's: it is too far ahead to be anything else.
func (p *Pass) another(edge *probe.Playlist) bool {
	origin, ok := p.origin()
	if !ok || origin.Playlist == nil || len(origin.Playlist.Segments) == 0 {
		return false
	}
	return last(edge).MSN > last(origin.Playlist).MSN+evidence.FarApart
}

// absolute reports whether a segment names any server.
func absolute(s *probe.Segment) bool {
	names := func(u string) bool { return strings.Contains(u, "://") }
	namesKey := func(k probe.Key) bool { return names(k.URI) }
	return names(s.URI) || s.Map != nil && names(s.Map.URI) || slices.ContainsFunc(s.Keys, namesKey)
}

// athome returns a segment with addresses on the playlist's own server as paths:
// a server that writes its own name into them names each side by its own.
func athome(s *probe.Segment, playlist probe.Address) *probe.Segment {
	if !absolute(s) {
		return s
	}
	own := playlist.Site() + "/"
	if own == "/" {
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
	filled := len(a.Segments) > 0 && len(b.Segments) > 0
	if !filled || a.Segments[0].MSN != b.Segments[0].MSN || last(a).MSN != last(b).MSN {
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
