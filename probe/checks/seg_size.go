package checks

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var segSize = register(Check{
	ID:      "seg.size",
	Summary: "segment is empty or far too small",
	Doc: "A segment has 0 bytes, or its body ends before its Content-Length: critical. Less than a tenth of the " +
		"median of the newest 20 segments of similar duration: warning. If those sizes hardly differ (by half at most), " +
		"a segment below 0.6 of the smallest is an error when its bytes show that it was cut off (half a packet or box, " +
		"or media that ends early), and otherwise info, since the picture may just be simpler. Two of four probes of one " +
		"rendition or of several open an incident.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnSegment,
	After:    2, Of: 4, Shared: true,
	Hold:     3,
	Explains: []string{"map.fetch", "edge.map", "seg.ts.*", "seg.mp4.*", "seg.dur", "edge.bytes", "avail.early"},
	Run: func(p *Pass) {
		if p.Obs.Segment.Init {
			return
		}
		ex := &p.Obs.Exchange
		if ex.Failure == probe.FailTruncated {
			p.Reportf(probe.Critical, "segment %d: %s", p.Obs.Segment.MSN, ex.Error)
			return
		}
		rec, ok := p.History.Segment(p.Obs.Segment.MSN)
		if !ok || !rec.OK || rec.Size < 0 {
			return
		}
		if rec.Size == 0 {
			p.Reportf(probe.Critical, "segment %d has 0 bytes", rec.MSN)
			return
		}
		sizes := sizesLike(p.History, rec)
		if len(sizes) < 4 {
			return
		}
		least, most, median := sizes[0], sizes[len(sizes)-1], sizes[len(sizes)/2]
		switch {
		case rec.Size*10 < median:
			p.Reportf(probe.Warning, "segment %d has %d bytes, the median is %d", rec.MSN, rec.Size, median)
		case most*2 <= least*3 && rec.Size*10 < least*6:
			s := probe.Info
			if p.cutShort(rec) {
				s = probe.Error
			}
			p.Reportf(s, "segment %d has %d bytes, others %d to %d", rec.MSN, rec.Size, least, most)
		}
	},
})

// cutShort reports whether the bytes show that the end of a segment is missing.
// That it is small does not: a slate after the show is small too.
func (p *Pass) cutShort(rec *evidence.SegmentRecord) bool {
	return len(p.Obs.Segment.Problems) > 0 || rec.Lasts.Stated && rec.Lasts.Value < rec.Duration*4/5
}

// sizesLike returns the sizes, in order, of the newest segments that last about
// as long as rec. The newest ones that are as small as a cut one is are left
// out: what is measured must not become the measure.
func sizesLike(h *evidence.History, rec *evidence.SegmentRecord) []int64 {
	sizes := make([]int64, 0, 20)
	for i := len(h.Sizes) - 1; i >= 0 && len(sizes) < 20; i-- {
		s := &h.Sizes[i]
		if s.MSN != rec.MSN && (s.Duration-rec.Duration).Abs() <= max(rec.Duration/10, 50*time.Millisecond) {
			sizes = append(sizes, s.Bytes)
		}
	}
	if len(sizes) > 0 {
		most := slices.Max(sizes)
		for len(sizes) > 0 && sizes[0]*10 < most*6 {
			sizes = sizes[1:]
		}
	}
	slices.Sort(sizes)
	return sizes
}
