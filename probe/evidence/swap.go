package evidence

import (
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Swap is the newest time at which another series of segments took the place of
// the one before.
type Swap struct {
	MSN  uint64 // a segment that the series before listed
	Back bool   // the newest text is of the series before again
	At   time.Time

	was identity // of that segment there
}

// swapKept is for how many segments a swap is remembered: two that are further
// apart are two changes, and no flapping. Where the numbering went far away the
// numbers cannot tell, so that it is forgotten after twice their time too.
const swapKept = 6

// FarApart is the distance, in segments, from which on windows that do not
// touch are two numberings, and not one that is late.
const FarApart = 64

// SwapOf returns the swap of a target whose text is new; nil where there was none lately.
func SwapOf(h *History) *Swap {
	prev, cur := h.Previous, h.Playlist
	if prev == nil || len(prev.Segments) == 0 || len(cur.Segments) == 0 {
		return nil
	}
	var t *Swap
	if h.Swap != nil {
		at, since := last(cur).MSN, h.Good.Exchange.Done.Sub(h.Swap.At)
		far := at > h.Swap.MSN+swapKept && at < h.Swap.MSN+FarApart || since > max(time.Minute, 2*swapKept*h.TD())
		if !far {
			t = new(*h.Swap)
			t.Back = listedAs(cur, t.MSN, t.was) && !listedAs(prev, t.MSN, t.was)
		}
	}
	a, b := last(prev), last(cur)
	if both := min(a.MSN, b.MSN); max(a.MSN, b.MSN)-both <= FarApart {
		a, _ = prev.Find(both)
		b, _ = cur.Find(both)
		if a == nil || b == nil || identityOf(a) == identityOf(b) || h.Personalised || Renamed(prev, cur) {
			return t
		}
	}
	return &Swap{MSN: a.MSN, Back: t != nil && t.Back, At: h.Good.Exchange.Done, was: identityOf(a).kept()}
}

func listedAs(pl *probe.Playlist, msn uint64, id identity) bool {
	s, ok := pl.Find(msn)
	return ok && identityOf(s) == id
}

// identity is what a segment's number stands for: what two packagers behind one
// name have in different ways. Times are left out, some packagers round them anew
// for each playlist.
type identity struct {
	path, initPath string // without query
	dsn            uint64
	bytes          probe.Fact[probe.ByteRange]
}

func identityOf(s *probe.Segment) identity {
	id := identity{path: pathOf(s.URI), dsn: s.DSN, bytes: s.ByteRange}
	if s.Map != nil {
		id.initPath = pathOf(s.Map.URI)
	}
	return id
}

// kept is the identity without the text of the playlist that it is a part of.
func (id identity) kept() identity {
	id.path, id.initPath = strings.Clone(id.path), strings.Clone(id.initPath)
	return id
}

func pathOf(uri string) string {
	path, _, _ := strings.Cut(strings.TrimPrefix(uri, "./"), "?")
	return path
}
