package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// HitsOf returns the answers from cache among the newest segments that we asked
// an edge for a second time, before the judge files the probe. What others asked
// for long ago may have left the cache. Open says that such requests were hits once.
func HitsOf(h *History, o *probe.Observation) Marks {
	m := h.Hits
	if _, known := h.Segment(o.Segment.MSN); !known {
		return m
	}
	if h.Target.Side != probe.Edge || !o.Segment.Repeat || !o.OK() || o.Exchange.XCache == "" {
		return m
	}
	m.Add(strings.Contains(strings.ToLower(o.Exchange.XCache), "hit")) // where several caches are named, any of them
	m.Open = m.Open || m.N >= hitsAll && m.count(hitsAll) >= hitsAll*3/4
	return m
}

const (
	hitsAll  = 16 // repeated requests of which three quarters were hits: the edge caches segments
	hitsNone = 8  // of which none was: it does no longer
)

var edgeHit = register(Check{
	ID:      "edge.hit",
	Summary: "edge does not keep segments any more",
	Doc: "Of segments that were asked for at the edge before, 12 of 16 came from its cache at some time, and of the newest 8 none does: the cache key, Vary, a query string or a TTL has " +
		"changed, and each viewer's request goes to the origin. An edge that never kept any is not judged.",
	Spec:     "CloudFront Developer Guide, Cache hit ratio",
	Severity: probe.Warning,
	Blame:    probe.BlameConfig,
	When:     OnSegment,
	Run: func(p *Pass) {
		switch m := &p.History.Hits; {
		case p.History.Target.Side != probe.Edge || !p.Obs.Segment.Repeat:
			p.Silent = true
		case m.Open && m.N >= hitsNone && m.count(hitsNone) == 0:
			p.Reportf(probe.Warning, "the newest %d segments that were asked for again were not in its cache", hitsNone)
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
