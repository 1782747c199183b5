package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var seqJump = register(Check{
	ID:      "seq.jump",
	Summary: "media sequence number skipped a whole window",
	Doc: "The playlist now begins after the end of the previous one, so nothing connects the two, and more segments " +
		"were skipped than the time between the polls explains. Two cases are no finding: an edge that stood still and " +
		"catches up with its origin, and a playlist that had fallen back and returns to where it should be.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{
		"seg.mutated", "dseq.*", "pdt.*", "td.changed", "hdr.changed", "edge.*", "seq.slide", "alt.*", "ll.*", "win.*",
	},
	Run: func(p *Pass) {
		prev, cur, ok := p.update()
		if !ok || cur.Segments[0].MSN <= last(prev).MSN+1 {
			return
		}
		if p.withOrigin(last(cur).MSN) || p.ageUnknown() || p.backOnCourse(cur) || p.another(cur) {
			return
		}
		passed := last(cur).MSN - last(prev).MSN
		if d := cur.MeanDuration(); d > 0 && passed <= uint64(p.unseen()/d)+2 {
			return // we looked away, or failed to look, for longer than the window
		}
		p.Reportf(probe.Error, "from %d to %d: %d segments were never listed",
			last(prev).MSN, cur.Segments[0].MSN, cur.Segments[0].MSN-last(prev).MSN-1)
	},
})

// withOrigin reports whether an edge is where its origin is: it jumped over what
// was published while it stood still, which is lag and no fault of the numbers.
func (p *Pass) withOrigin(newest uint64) bool {
	origin, ok := p.origin()
	return ok && origin.Playlist != nil && newest <= origin.High+2 && newest+2 >= origin.High
}

// backOnCourse reports whether a playlist that had fallen back is where it would
// be by now: the fall was the fault, and its end is none.
func (p *Pass) backOnCourse(cur *probe.Playlist) bool {
	d := cur.MeanDuration()
	v := p.History.Versions
	if len(v) < 3 || d <= 0 {
		return false
	}
	fell := v[len(v)-2].LastMSN
	for _, before := range v[:len(v)-2] {
		due := before.LastMSN + uint64(p.Now.Sub(before.First)/d) + 2
		if before.LastMSN > fell && cur.Segments[0].MSN <= due {
			return true
		}
	}
	return false
}

// ageUnknown reports whether the text before is what an edge had when watching
// began, while the origin could not be asked: it can have stood for hours.
func (p *Pass) ageUnknown() bool {
	v := p.History.Versions
	origin, ok := p.origin()
	return ok && origin.Playlist == nil && len(v) > 1 && v[len(v)-2].First.Equal(p.History.First)
}

// unseen is for how long texts can have come and gone between the one before
// and this one. A cache that stood still jumps too, so at the edge the time for
// which the text before stood counts.
func (p *Pass) unseen() time.Duration {
	v := p.History.Versions
	if len(v) < 2 {
		return 0
	}
	before := v[len(v)-2]
	if p.History.Target.Side == probe.Edge {
		return p.Now.Sub(before.First) + p.History.Allowance()
	}
	return p.Now.Sub(before.Last())
}
