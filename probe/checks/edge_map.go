package checks

import (
	"fmt"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var edgeMap = register(Check{
	ID:      "edge.map",
	Summary: "edge serves another initialization section than the origin",
	Doc: "The resource that EXT-X-MAP names differs in length or bytes between the edge and the origin, in two of " +
		"three looks. Nothing that needs it can be decoded, although playlists and segments look fine. This happens when " +
		"an encoder restarts with other parameters under the same name. The blame is config as long as the headers let " +
		"caches keep the old copy, and the CDN's after that.",
	Spec:     "RFC 8216bis §4.4.4.5, §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameCDN,
	Side:     probe.Edge,
	When:     OnInit,
	After:    2, Of: 3,
	Hold:     4,
	Apart:    true,
	Explains: []string{"seg.mp4.*", "seg.keyframe"},
	Run: func(p *Pass) {
		h, s := p.History, p.Obs.Segment
		if _, ok := p.origin(); !ok || !p.Obs.OK() {
			p.Silent = true
			return
		}
		edge, ok := h.Map(s.URI, s.Offset)
		origin, also := h.PairMap(s.URI, s.Offset)
		if !ok || !also || !edge.Asked.After(origin.Since) || !edge.Differs(origin.SegmentBytes) {
			return
		}
		name := shortURI(s.URI)
		ex := &p.Obs.Exchange
		older := ex.Age.Stated && ex.Started.Add(-ex.Age.Value).Before(origin.Since) // than all that we know of the origin
		switch {
		case !origin.Before.OK && older:
			blame, why := p.keeps()
			p.Accuse(blame, probe.Critical,
				"the edge serves a copy of %s that is %s old and is not the origin's: %s, at the origin %s; %s",
				name, Seconds(ex.Age.Value), sizeOf(edge.Size), sizeOf(origin.Size), why)
			return
		case !origin.Before.OK || edge.Differs(origin.Before):
			p.Reportf(probe.Critical, "%s has other bytes than at the origin: %s, at the origin %s",
				name, sizeOf(edge.Size), sizeOf(origin.Size))
			return
		}
		blame, why := p.keeps()
		p.Accuse(blame, probe.Critical, "the edge still serves the old %s, which the origin replaced %s ago; %s",
			name, Seconds(p.Now.Sub(origin.Since)), why)
	},
})

// keeps says whether headers let a cache still keep the copy that it gave, and
// so whether it is the rules or the cache that is wrong.
func (p *Pass) keeps() (probe.Blame, string) {
	ex := &p.Obs.Exchange
	ttl := ex.TTL()
	switch {
	case !ttl.Stated:
		return probe.BlameConfig, "no header limits how long caches keep it"
	case ex.Age.Or(0) <= ttl.Value+time.Second && ttl.Value > 0:
		return probe.BlameConfig, fmt.Sprintf("headers let caches keep it for %s", Seconds(ttl.Value))
	default:
		return probe.BlameCDN, fmt.Sprintf("headers let caches keep it for %s only", Seconds(ttl.Value))
	}
}

func sizeOf(n int64) string {
	if n < 0 {
		return "unknown length"
	}
	return Count(n, "byte")
}
