package checks

import "github.com/streamwatch/streamwatch/probe"

var seqRegress = register(Check{
	ID:      "seq.regress",
	Summary: "media sequence number went back",
	Doc: "The media sequence number is lower than before. The encoder restarted (back to 0 or 1), the nodes of a pool " +
		"are out of step, or players jump back. Numbers that come back sooner than new media can, and fall again, show " +
		"a pool: the origin's fault. At the edge a small step, within the cache's allowance, is normal when another " +
		"point of presence answered.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{
		"seg.*", "win.*", "dseq.*", "pdt.*", "td.changed", "hdr.changed", "edge.*", "upd.stale", "ll.*", "alt.*", "seq.slide",
	},
	Run: func(p *Pass) {
		prev, cur, ok := p.update()
		if !ok || cur.Segments[0].MSN >= prev.Segments[0].MSN || p.another(prev) && p.withOrigin(last(cur).MSN) {
			return
		}
		from, to := prev.Segments[0].MSN, cur.Segments[0].MSN
		if p.otherCache(from - to) {
			return
		}
		what := ""
		if to <= 1 {
			what = ": the numbering started again"
		}
		if f := p.History.Fall; f != nil && f.Back {
			what = ", again: copies of different age come by turns"
			if p.History.Target.Side == probe.Origin {
				p.Accuse(probe.BlameOrigin, probe.Critical, "media sequence number fell from %d to %d%s", from, to, what)
				return
			}
		}
		p.Reportf(probe.Critical, "media sequence number fell from %d to %d%s", from, to, what)
	},
})

// otherCache reports whether a step back by so many segments is only that
// another point of presence answered, whose copy is older within its allowance.
func (p *Pass) otherCache(back uint64) bool {
	return p.History.Target.Side == probe.Edge && p.History.PopChanged && back <= allowedSegments(p.History)
}
