package checks

import (
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var segHash = register(Check{
	ID:      "seg.hash",
	Summary: "bytes of a segment changed under the same URI",
	Doc: "A segment that was probed before, and is still listed, now has another length or other first bytes. " +
		"(Another byte range of one resource counts as another segment.) Two packagers that write the same name cause " +
		"this, and players that cached the old bytes break. An edge that now has what its origin has was repaired.",
	Spec:     "RFC 8216bis §6.3.4",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnSegment,
	Hold:     11, // while it changes, every update looks at an older segment; a fleet's agents do so for as long
	Explains: []string{"edge.bytes", "seg.size", "seg.ts.*", "seg.mp4.*"},
	Recovers: true,
	Passed:   true,
	Run: func(p *Pass) {
		rec, ok := p.History.Segment(p.Obs.Segment.MSN)
		if !ok || !rec.Changed() || !p.Obs.OK() || p.asOrigin(rec) {
			return
		}
		switch was := rec.Before; {
		case was.Size >= 0 && rec.Size >= 0 && was.Size != rec.Size:
			p.Reportf(probe.Critical, "segment %d had %d bytes, has %d", rec.MSN, was.Size, rec.Size)
		default:
			p.Reportf(probe.Critical, "segment %d: the first %d bytes have changed", rec.MSN, rec.HashBytes)
		}
	},
})

// asOrigin reports whether an edge gives the very bytes of a segment that its
// origin does: what was there before was the fault, or the origin changed it.
func (p *Pass) asOrigin(rec *evidence.SegmentRecord) bool {
	h := p.History
	if h.Target.Side != probe.Edge {
		return false
	}
	_, origin, ok := h.Both(h.Pair, rec.MSN)
	return ok && origin.OK && origin.Size == rec.Size && origin.HashBytes == rec.HashBytes && origin.Hash == rec.Hash
}

var edgeBytes = register(Check{
	ID:      "edge.bytes",
	Summary: "edge serves other bytes than the origin",
	Doc: "The same segment differs between the two sides in length or in its first bytes. Both answered in full, and " +
		"the origin no more than a target duration before the edge; anything older may have changed since.",
	Spec:     "RFC 8216bis §6.3.4",
	Severity: probe.Critical,
	Blame:    probe.BlameCDN,
	Side:     probe.Edge,
	When:     OnSegment,
	Hold:     3,
	Explains: []string{"seg.ts.*", "seg.mp4.*", "seg.size", "seg.hash", "edge.map"},
	Run: func(p *Pass) {
		h := p.History
		if !p.Obs.OK() {
			return
		}
		if origin, ok := p.origin(); ok {
			p.compareBytes(origin, h)
		}
		for _, edge := range h.Edges { // whichever is probed last is compared
			if h.Target.Side == probe.Origin {
				p.About(edge).compareBytes(h, edge)
			}
		}
	},
})

// compareBytes holds what an edge gives of the segment against the origin's.
func (p *Pass) compareBytes(at, there *evidence.History) {
	edge, origin, ok := there.Both(at, p.Obs.Segment.MSN)
	if !ok || !edge.OK || !origin.OK {
		return
	}
	if edge.Asked.Sub(origin.Asked) > there.TD() {
		p.Silent = p.Found == nil
		return
	}
	switch {
	case edge.Size >= 0 && origin.Size >= 0 && edge.Size != origin.Size:
		p.Reportf(probe.Critical, "segment %d has %d bytes, at the origin %d", edge.MSN, edge.Size, origin.Size)
	case edge.HashBytes == origin.HashBytes && edge.Hash != origin.Hash:
		p.Reportf(probe.Critical, "segment %d: its first %d bytes are not those of the origin", edge.MSN, edge.HashBytes)
	}
	p.Silent = p.Silent && p.Found == nil
}
