package checks

import "github.com/streamwatch/streamwatch/probe"

var dseqMath = register(Check{
	ID:      "dseq.math",
	Summary: "discontinuity sequence does not add up",
	Doc: "For each segment listed before and now, DISCONTINUITY-SEQUENCE plus the discontinuities up to it must be the same; the number never falls, and rises by just " +
		"the EXT-X-DISCONTINUITY tags that left with removed segments. Not judged where no segment is common to both.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{"alt.dseq", "edge.body"},
	Run: func(p *Pass) {
		prev, cur, ok := p.update()
		if !ok {
			return
		}
		if _, _, moved := slid(prev, cur); moved {
			return
		}
		for i := range prev.Segments {
			a := &prev.Segments[i]
			if b, listed := cur.Find(a.MSN); listed && sameResource(a, b) && a.DSN != b.DSN {
				p.Reportf(probe.Error, "segment %d was in discontinuity %d, is in %d", a.MSN, a.DSN, b.DSN)
				return
			}
		}
	},
})
