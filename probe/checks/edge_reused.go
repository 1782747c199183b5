package checks

import "github.com/streamwatch/streamwatch/probe"

var edgeReused = register(Check{
	ID:      "edge.reused",
	Summary: "edge still serves the previous broadcast",
	Doc: "After the media sequence numbers fell on both sides, a segment has other bytes at the edge than at the " +
		"origin under the same name, in two of four probes of one rendition or of several. A restarted encoder writes " +
		"under names that caches already hold. The blame is config as long as the headers let caches keep the old copy, " +
		"and the CDN's after that. Names that are never used twice prevent this.",
	Spec:     "RFC 8216bis §6.2.1, §6.3.4",
	Severity: probe.Critical,
	Blame:    probe.BlameCDN,
	Side:     probe.Edge,
	When:     OnSegment,
	After:    2, Of: 4, Shared: true,
	Hold:     4,
	Apart:    true,
	Explains: []string{"edge.bytes", "seg.*", "alt.timestamps"},
	Run: func(p *Pass) {
		h := p.History
		at, ok := p.origin()
		if !ok || !p.Obs.OK() || h.Restarted.IsZero() || at.Restarted.IsZero() {
			p.Silent = true
			return
		}
		edge, origin, ok := h.Both(at, p.Obs.Segment.MSN)
		switch {
		case !ok:
			p.Silent = true
		case !edge.Asked.After(h.Restarted) || !origin.Asked.After(at.Restarted):
			p.Silent = true // one of them is of before
		case edge.Differs(origin.SegmentBytes):
			blame, why := p.keeps()
			p.Accuse(blame, probe.Critical, "the numbering started again %s ago, and under the name %s the edge still "+
				"serves the previous broadcast: %s, at the origin %s; %s",
				Seconds(p.Now.Sub(at.Restarted)), shortURI(edge.URI), sizeOf(edge.Size), sizeOf(origin.Size), why)
		}
	},
})
