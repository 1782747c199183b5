package checks

import (
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var mapChanged = register(Check{
	ID:      "map.changed",
	Summary: "initialization section changed under the same name",
	Doc: "The resource that EXT-X-MAP names now has another length or other bytes, as after an encoder restart with " +
		"other parameters. Players load it only once, so those that are watching keep the old one and fail at the next " +
		"segment. Where an edge is watched, it counts as harm to viewers only once the edge serves the new bytes too; " +
		"until then it is edge.map.",
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
		if h.Target.Side == probe.Edge && h.Pair != nil || h.Target.Side == probe.Origin && !p.givenOn(rec) {
			return
		}
		p.Reportf(probe.Warning, "%s had %s, has %s with other contents",
			shortURI(s.URI), sizeOf(rec.Before.Size), sizeOf(rec.Size))
	},
})

// givenOn reports whether every edge gives the bytes that the origin has now.
func (p *Pass) givenOn(origin *evidence.MapRecord) bool {
	for _, e := range p.History.Edges {
		if edge, asked := e.Map(origin.URI, origin.Offset); !asked || edge.Differs(origin.SegmentBytes) {
			return false
		}
	}
	return true
}
