package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var edgeLag = register(Check{
	ID:      "edge.lag",
	Summary: "edge is behind the origin",
	Doc: "The edge's newest segment is older than what the origin had listed before the edge was asked, by more than the segments that its cache may hold back " +
		"(TTL and stale-while-revalidate over the mean duration, rounded up): warning; by more than one further, or more than three: error; when the edge has not moved " +
		"for longer than its cache allows while the origin did: critical.",
	Spec:     "RFC 8216bis §6.2.1; CloudFront Developer Guide, Expiration",
	Severity: probe.Critical,
	Blame:    probe.BlameCDN,
	After:    2, Of: 3,
	Explains: []string{"edge.age", "upd.stale", "ll.*", "alt.*"},
	Run: func(p *Pass) {
		h := p.History
		behind, ok := p.behind()
		if !ok || behind <= h.AllowedSegments() {
			return
		}
		over := behind - h.AllowedSegments()
		still := p.Now.Sub(h.Advanced)
		s := probe.Warning
		switch {
		case over > 1 && still > h.TD()*3/2+h.Allowance():
			s = probe.Critical
		case over > 1, behind > 3:
			s = probe.Error
		}
		p.Reportf(s, "%s behind (its cache explains %d); last moved %s ago", plural(behind, "segment"), h.AllowedSegments(), seconds(still))
	},
})

// behind returns by how many segments the edge is behind what the origin
// listed before the edge was asked, so that no race counts as lag.
func (p *Pass) behind() (uint64, bool) {
	h := p.History
	if h.Target.Side != probe.Edge || h.Pair == nil || p.Obs.Playlist == nil || !p.Obs.Playlist.Live() || len(p.Obs.Playlist.Segments) == 0 {
		return 0, false
	}
	origin, ok := h.Pair.SeenBefore(p.Obs.Exchange.Started)
	if !ok {
		return 0, false
	}
	edge := last(p.Obs.Playlist).MSN
	if edge >= origin.LastMSN {
		return 0, true
	}
	if n := origin.LastMSN - edge; n < numberings {
		return n, true
	}
	return 0, false // edge.body
}

// numberings is from which distance on an edge is not late, but numbers its
// segments in another way.
const numberings = 1000

// AllowedSegments is how many segments a cache that keeps its promise can be
// behind: ceil(TTL / mean duration).
func (h *History) AllowedSegments() uint64 {
	if h.Playlist == nil {
		return 1
	}
	d := h.Playlist.MeanDuration()
	if d <= 0 {
		return 1
	}
	return uint64((h.Allowance() + d - time.Nanosecond) / d)
}
