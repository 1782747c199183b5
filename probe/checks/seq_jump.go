package checks

import (
	"github.com/streamwatch/streamwatch/probe"
)

var seqJump = register(Check{
	ID:       "seq.jump",
	Summary:  "media sequence number skipped a whole window",
	Doc:      "The first segment now comes after the last one before, so that nothing connects the two, and more segments were passed than the time between the polls can explain.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{"seg.mutated", "dseq.*", "pdt.*", "td.changed", "hdr.changed", "edge.*", "seq.slide", "alt.*"},
	Run: func(p *Pass) {
		prev, cur, ok := p.update()
		if !ok || cur.Segments[0].MSN <= last(prev).MSN+1 {
			return
		}
		passed := last(cur).MSN - last(prev).MSN
		if d := cur.MeanDuration(); d > 0 && passed <= uint64(p.History.Gap/d)+2 {
			return // we looked away for longer than the window
		}
		p.Reportf(probe.Error, "from %d to %d: %d segments were never listed", last(prev).MSN, cur.Segments[0].MSN, cur.Segments[0].MSN-last(prev).MSN-1)
	},
})
