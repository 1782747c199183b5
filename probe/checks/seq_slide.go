package checks

import "github.com/streamwatch/streamwatch/probe"

var seqSlide = register(Check{
	ID:      "seq.slide",
	Summary: "segments do not keep their media sequence numbers",
	Doc: "A segment that was listed before now has another number: a segment was removed from the middle, or the " +
		"number did not rise for every one removed. Players mistake such segments for those they already have. Where no " +
		"number ever rises (ffmpeg's single_file with a window), players stall, which is upd.stale.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{"upd.stale", "seg.mutated", "dseq.math", "pdt.*", "edge.body", "win.shrunk"},
	Run: func(p *Pass) {
		prev, cur, ok := p.update()
		if !ok {
			return
		}
		if a, b, moved := slid(prev, cur); moved {
			p.Reportf(probe.Error, "%s was segment %d, is %d", shortURI(a.URI), a.MSN, b.MSN)
		}
	},
})

// searches bounds how many segments of one update are looked for elsewhere.
const searches = 8

// slid returns a segment that prev and cur list under different numbers: b in
// cur, a in prev. Only those are looked for whose number held another one
// before, and the first of cur, so that an aligned update costs one pass.
// Resources that hold several segments are told apart by their byte ranges.
func slid(prev, cur *probe.Playlist) (a, b *probe.Segment, moved bool) {
	for i, left := 0, searches; i < len(cur.Segments) && left > 0; i++ {
		b = &cur.Segments[i]
		same, known := prev.Find(b.MSN)
		if known && sameResource(same, b) || !known && i > 0 {
			continue
		}
		left--
		for k := range prev.Segments {
			if a = &prev.Segments[k]; sameResource(a, b) {
				return a, b, true
			}
		}
	}
	return nil, nil, false
}

// sameResource compares URIs without their queries, and byte ranges.
func sameResource(a, b *probe.Segment) bool {
	return samePath(a.URI, b.URI) && a.ByteRange == b.ByteRange
}
