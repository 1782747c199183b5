package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var httpHashFlap = register(Check{
	ID:      "http.hash.flap",
	Summary: "two different streams are served by turns",
	Doc: "What a media sequence number stands for (URI, byte range, discontinuity, map) changed, and changed back " +
		"within six segments. Or the numbering went more than 64 away and came back within twelve target durations (at " +
		"least a minute). Two packagers that are out of step share one name. An edge that does this while its origin " +
		"does not is edge.flap. A different query string or time is no difference.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	When:     OnUpdate,
	Hold:     5,
	Explains: append(followFlap(), "edge.*"),
	Run: func(p *Pass) {
		if t := p.History.Swap; t != nil && t.Back && p.first() {
			p.Reportf(probe.Error, "segment %d is back to what it was before another playlist came in between", t.MSN)
		}
	},
})

var edgeFlap = register(Check{
	ID:      "edge.flap",
	Summary: "the edge serves two different streams by turns",
	Doc: "The edge changes back and forth between two streams, as http.hash.flap describes, and its origin does not. " +
		"Usual causes: an origin group that fails over and back because every request tries the primary first, or caches " +
		"that use different origins. The origin is to blame when it failed within the last minute. Copies of one stream, " +
		"however old, are not different streams.",
	Spec:     "RFC 8216bis §6.2.1; CloudFront Developer Guide, Origin failover",
	Severity: probe.Error,
	Blame:    probe.BlameCDN,
	When:     OnUpdate,
	Hold:     5,
	Explains: append(followFlap(), "edge.body", "edge.bytes", "edge.ahead", "edge.lag", "edge.age", "edge.seg"),
	Run: func(p *Pass) {
		h := p.History
		if h.Swap == nil || !h.Swap.Back || p.first() || h.Pair.Swap != nil {
			return
		}
		blame := probe.Blame("")
		if at := h.Pair.LastError; !at.IsZero() && p.Now.Sub(at) < time.Minute {
			blame = probe.BlameOrigin
		}
		p.Accuse(blame, probe.Error,
			"segment %d is back to what it was before another playlist came in between; the origin keeps to one", h.Swap.MSN)
	},
})

// followFlap lists what two streams by turns look like, one text at a time.
func followFlap() []string {
	return []string{
		"seg.mutated", "seg.hash", "seg.status", "avail.early", "seq.*", "dseq.math", "pdt.*",
		"hdr.changed", "td.changed", "win.shrunk", "upd.stale", "alt.*",
	}
}
