package checks

import (
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var edgeHit = register(Check{
	ID:      "edge.hit",
	Summary: "edge does not keep segments any more",
	Doc: "Of the newest 16 segments that were requested from the edge a second time, none came from its cache, " +
		"although 15 of 16 did at some time before. The cache key, Vary, a query string or a TTL has changed, and each " +
		"viewer's request now goes to the origin. Not judged: an edge that never cached segments, or only half of them, " +
		"as several caches behind one name do.",
	Spec:     "CloudFront Developer Guide, Cache hit ratio",
	Severity: probe.Warning,
	Blame:    probe.BlameConfig,
	When:     OnSegment,
	Run: func(p *Pass) {
		switch m := &p.History.Hits; {
		case p.History.Target.Side != probe.Edge || !p.Obs.Segment.Repeat:
			p.Silent = true
		case m.Open && m.N >= evidence.HitsKnown && m.Count(evidence.HitsKnown) == 0:
			p.Reportf(probe.Warning, "the newest %d segments that were asked for again were not in its cache",
				evidence.HitsKnown)
		}
	},
})

var edgePop = register(Check{
	ID:      "edge.pop",
	Summary: "points of presence answer by turns",
	Doc: "Another point of presence (X-Amz-Cf-Pop) answered than at the poll before, twice in 30 polls: DNS or " +
		"routing changes. Each point of presence holds its own copies, of different ages.",
	Spec:     "CloudFront Developer Guide, Edge locations",
	Severity: probe.Info,
	Blame:    probe.BlameCDN,
	After:    2, Of: 30,
	Run: func(p *Pass) {
		h, pop := p.History, p.Obs.Exchange.Pop
		if h.Target.Side == probe.Edge && p.Obs.OK() && h.PopChanged && pop != "" && h.Polls > 1 {
			p.Reportf(probe.Info, "%s answers now", pop)
		}
	},
})
