package evidence

import (
	"slices"
	"time"
)

// SegmentSize is how large a segment is: what of a probe is remembered for longer
// than the rest.
type SegmentSize struct {
	MSN      uint64
	Duration time.Duration // EXTINF
	Bytes    int64         // of the whole object
}

// segmentsKept is of how many segments the probes are remembered: of those that
// are listed, and of as many before.
func (h *History) segmentsKept() int {
	if h.Playlist == nil {
		return segmentsKept
	}
	return min(max(2*len(h.Playlist.Segments), segmentsLeast), segmentsKept)
}

// fileSize notes the size of a segment that was probed, or that it is not known
// any more.
func (h *History) fileSize(rec *SegmentRecord) {
	i := -1
	for k := len(h.Sizes) - 1; k >= 0 && i < 0; k-- {
		if h.Sizes[k].MSN == rec.MSN {
			i = k
		}
	}
	known := rec.OK && rec.Size > 0
	switch {
	case known && i >= 0:
		h.Sizes[i] = SegmentSize{rec.MSN, rec.Duration, rec.Size}
	case known:
		h.Sizes = push(h.Sizes, SegmentSize{rec.MSN, rec.Duration, rec.Size}, sizesKept)
	case i >= 0:
		h.Sizes = slices.Delete(h.Sizes, i, i+1)
	}
}
