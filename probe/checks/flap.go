package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var httpHashFlap = register(Check{
	ID:      "http.hash.flap",
	Summary: "two different streams are served by turns",
	Doc: "What a media sequence number stands for (URI, byte range, discontinuity, map) changed and, at most six segments later, changed back; or the numbering went more than 64 away and came " +
		"back within twelve target durations, a minute at least: two packagers that are not in step behind one name. An edge that does so while its origin does not is edge.flap. Other queries and other times are no difference.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	When:     OnUpdate,
	Hold:     5,
	Explains: append(followFlap(), "edge.*"),
	Run: func(p *Pass) {
		if t := &p.History.Swap; t.Back && p.first() {
			p.Reportf(probe.Error, "segment %d is again what it was before another playlist came in between", t.MSN)
		}
	},
})

var edgeFlap = register(Check{
	ID:      "edge.flap",
	Summary: "the edge serves two different streams by turns",
	Doc: "As http.hash.flap, at an edge whose origin keeps to one stream: an origin group that fails over to and fro, each request trying the primary first, or caches that have different " +
		"origins. The origin is to blame when it failed within the last minute. Copies of one stream, of whatever age, are no difference.",
	Spec:     "RFC 8216bis §6.2.1; CloudFront Developer Guide, Origin failover",
	Severity: probe.Error,
	Blame:    probe.BlameCDN,
	When:     OnUpdate,
	Hold:     5,
	Explains: append(followFlap(), "edge.body", "edge.bytes", "edge.ahead", "edge.lag", "edge.age", "edge.seg"),
	Run: func(p *Pass) {
		h := p.History
		if !h.Swap.Back || p.first() || !h.Pair.Swap.At.IsZero() {
			return
		}
		blame := probe.Blame("")
		if at := h.Pair.LastError; !at.IsZero() && p.Now.Sub(at) < time.Minute {
			blame = probe.BlameOrigin
		}
		p.Accuse(blame, probe.Error, "segment %d is again what it was before another playlist came in between; the origin keeps to one", h.Swap.MSN)
	},
})

// followFlap lists what two streams by turns look like, one text at a time.
func followFlap() []string {
	return []string{"seg.mutated", "seg.hash", "seg.status", "avail.early", "seq.*", "dseq.math", "pdt.*", "hdr.changed", "td.changed", "win.shrunk", "upd.stale", "alt.*"}
}
