package checks

import (
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var edgeHit = register(Check{
	ID:      "edge.hit",
	Summary: "edge does not keep segments any more",
	Doc: "Of segments that were asked for at the edge before, 15 of 16 came from its cache at some time, and of the newest 16 none does: the cache key, Vary, a query string or a TTL has " +
		"changed, and each viewer's request goes to the origin. An edge that never kept any, or half of them as caches by turns do, is not judged.",
	Spec:     "CloudFront Developer Guide, Cache hit ratio",
	Severity: probe.Warning,
	Blame:    probe.BlameConfig,
	When:     OnSegment,
	Run: func(p *Pass) {
		switch m := &p.History.Hits; {
		case p.History.Target.Side != probe.Edge || !p.Obs.Segment.Repeat:
			p.Silent = true
		case m.Open && m.N >= evidence.HitsKnown && m.Count(evidence.HitsKnown) == 0:
			p.Reportf(probe.Warning, "the newest %d segments that were asked for again were not in its cache", evidence.HitsKnown)
		}
	},
})

var edgePop = register(Check{
	ID:       "edge.pop",
	Summary:  "points of presence answer by turns",
	Doc:      "Another point of presence (X-Amz-Cf-Pop) answers than at the poll before, twice in 30 polls: names or routes change. Each holds copies of its own, of its own age.",
	Spec:     "CloudFront Developer Guide, Edge locations",
	Severity: probe.Info,
	Blame:    probe.BlameCDN,
	After:    2, Of: 30,
	Run: func(p *Pass) {
		if p.History.Target.Side == probe.Edge && p.Obs.OK() && p.History.PopChanged && p.Obs.Exchange.Pop != "" && p.History.Polls > 1 {
			p.Reportf(probe.Info, "%s answers now", p.Obs.Exchange.Pop)
		}
	},
})
