package checks

import "github.com/streamwatch/streamwatch/probe"

var dseqMath = register(Check{
	ID:      "dseq.math",
	Summary: "discontinuity sequence does not add up",
	Doc: "For every segment that was listed before and still is, EXT-X-DISCONTINUITY-SEQUENCE plus the " +
		"discontinuities before the segment must stay the same. The number never falls, and it rises by exactly as many " +
		"EXT-X-DISCONTINUITY tags as left with removed segments. Not judged where the two playlists share no segment.",
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
