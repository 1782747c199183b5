package checks

import "github.com/streamwatch/streamwatch/probe"

var mapChanged = register(Check{
	ID:      "map.changed",
	Summary: "initialization section changed under the same name",
	Doc: "The resource that EXT-X-MAP names now has another length or other bytes than before, as after a restart of the encoder with other parameters. Players load it once: those that are watching keep the old " +
		"one and fail at the next segment. Held against viewers only once the edge, where one is watched, gives the new bytes too; until then it is edge.map.",
	Spec:     "RFC 8216bis §4.4.4.5, §6.2.1",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnInit,
	Hold:     5,
	Run: func(p *Pass) {
		h, s := p.History, p.Obs.Segment
		rec, ok := h.Map(s.URI, s.Offset)
		if !ok || !rec.Before.OK || !p.Obs.OK() || !p.atSource() || p.Now.Sub(rec.Since) > 5*h.TD() {
			return
		}
		if h.Pair != nil {
			if edge, asked := h.Pair.Map(s.URI, s.Offset); !asked || edge.Differs(rec.SegmentBytes) {
				return
			}
		}
		p.Reportf(probe.Warning, "%s had %s, has %s with other contents", shortURI(s.URI), sizeOf(rec.Before.Size), sizeOf(rec.Size))
	},
})
