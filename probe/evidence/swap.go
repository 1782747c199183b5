package evidence

import (
	"hash/maphash"
	"math/bits"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Swap is the newest time at which another series of segments took the place of
// the one before.
type Swap struct {
	MSN  uint64 // a segment that the series before listed
	Was  uint64 // what it was there; 0 when there was no swap lately
	Back bool   // the newest text is of the series before again
	At   time.Time
}

// swapKept is for how many segments a swap is remembered: two that are further
// apart are two changes, and no flapping. Where the numbering went far away the
// numbers cannot tell, so that it is forgotten after twice their time too.
const swapKept = 6

// FarApart is the distance, in segments, from which on windows that do not
// touch are two numberings, and not one that is late.
const FarApart = 64

// SwapOf returns the swap of a target whose text is new.
func SwapOf(h *History) Swap {
	t, prev, cur := h.Swap, h.Previous, h.Playlist
	t.Back = false
	if prev == nil || len(prev.Segments) == 0 || len(cur.Segments) == 0 {
		return Swap{}
	}
	if t.Was != 0 {
		at, since := last(cur).MSN, h.Good.Exchange.Done.Sub(t.At)
		if at > t.MSN+swapKept && at < t.MSN+FarApart || since > max(time.Minute, 2*swapKept*h.TD()) {
			t = Swap{} // too long ago
		} else {
			t.Back = listedAs(cur, t.MSN, t.Was) && !listedAs(prev, t.MSN, t.Was)
		}
	}
	a, b := last(prev), last(cur)
	if both := min(a.MSN, b.MSN); max(a.MSN, b.MSN)-both <= FarApart {
		a, _ = prev.Find(both)
		b, _ = cur.Find(both)
		if a == nil || b == nil || identity(a) == identity(b) || h.Personalised || Renamed(prev, cur) {
			return t
		}
	}
	return Swap{MSN: a.MSN, Was: identity(a), Back: t.Back, At: h.Good.Exchange.Done}
}

func listedAs(pl *probe.Playlist, msn, id uint64) bool {
	s, ok := pl.Find(msn)
	return ok && identity(s) == id
}

var identitySeed = maphash.MakeSeed()

// identity is a hash of what a segment's number stands for: what two packagers
// behind one name have in different ways. Times are left out, some packagers
// round them anew for each playlist.
func identity(s *probe.Segment) uint64 {
	h := pathHash(s.URI) + s.DSN*0x9e3779b97f4a7c15
	if s.ByteRange.Stated {
		h = bits.RotateLeft64(h, 7) + uint64(s.ByteRange.Value.Offset)*0xd6e8feb86659fd93 + uint64(s.ByteRange.Value.Length)
	}
	if s.Map != nil {
		h = bits.RotateLeft64(h, 13) + pathHash(s.Map.URI)
	}
	return h | 1
}

func pathHash(uri string) uint64 {
	path, _, _ := strings.Cut(strings.TrimPrefix(uri, "./"), "?")
	return maphash.String(identitySeed, path)
}
