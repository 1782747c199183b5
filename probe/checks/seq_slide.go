package checks

import (
	"github.com/streamwatch/streamwatch/probe"
)

var seqSlide = register(Check{
	ID:       "seq.slide",
	Summary:  "segments do not keep their media sequence numbers",
	Doc:      "A segment that was listed before is listed under another number: one was removed from the middle, or the number was not raised for each one removed.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{"seg.mutated", "dseq.math", "pdt.*", "edge.body", "win.shrunk"},
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

// slid returns the first segment of prev that cur lists under another number.
// Resources that hold several segments are told apart by their byte ranges.
func slid(prev, cur *probe.Playlist) (a, b *probe.Segment, moved bool) {
	for i := range prev.Segments {
		a = &prev.Segments[i]
		if same, ok := cur.Find(a.MSN); ok && sameResource(a, same) {
			return nil, nil, false // one that kept its number: the lists are aligned
		}
	}
	for i := range prev.Segments {
		a = &prev.Segments[i]
		for j := range cur.Segments {
			if b = &cur.Segments[j]; sameResource(a, b) {
				return a, b, a.MSN != b.MSN
			}
		}
	}
	return nil, nil, false
}

// sameResource compares URIs without their queries, and byte ranges.
func sameResource(a, b *probe.Segment) bool {
	return samePath(a.URI, b.URI) && a.ByteRange == b.ByteRange
}
