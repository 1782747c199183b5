package checks

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

// farApart is the distance, in segments, from which on windows that do not
// touch are two numberings, and not one that is late.
const farApart = 64

// SwapOf returns the swap of a target whose text is new. The judge keeps it
// with the history.
func SwapOf(h *History) Swap {
	t, prev, cur := h.Swap, h.Previous, h.Playlist
	t.Back = false
	if prev == nil || len(prev.Segments) == 0 || len(cur.Segments) == 0 {
		return Swap{}
	}
	if t.Was != 0 {
		at, since := last(cur).MSN, h.Good.Exchange.Done.Sub(t.At)
		if at > t.MSN+swapKept && at < t.MSN+farApart || since > max(time.Minute, 2*swapKept*h.TD()) {
			t = Swap{} // too long ago
		} else {
			t.Back = listedAs(cur, t.MSN, t.Was) && !listedAs(prev, t.MSN, t.Was)
		}
	}
	a, b := last(prev), last(cur)
	if both := min(a.MSN, b.MSN); max(a.MSN, b.MSN)-both <= farApart {
		a, _ = prev.Find(both)
		b, _ = cur.Find(both)
		if a == nil || b == nil || identity(a) == identity(b) {
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

var httpHashFlap = register(Check{
	ID:      "http.hash.flap",
	Summary: "two different streams are served by turns",
	Doc: "What a media sequence number stands for (URI, byte range, discontinuity, map) changed and, at most six segments later, changed back; or the numbering went more than 64 away and came " +
		"back within twelve target durations, a minute at least: two packagers that are not in step behind one name. An edge that does so while its origin does not is edge.flap. Other queries and other times are no difference.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	When:     OnUpdate,
	Hold:     5,
	Explains: append(followFlap(), "edge.*"),
	Run: func(p *Pass) {
		if t := &p.History.Swap; t.Back && p.first() {
			p.Reportf(probe.Error, "segment %d is again what it was before another playlist came in between", t.MSN)
		}
	},
})

var edgeFlap = register(Check{
	ID:      "edge.flap",
	Summary: "the edge serves two different streams by turns",
	Doc: "As http.hash.flap, at an edge whose origin keeps to one stream: an origin group that fails over to and fro, each request trying the primary first, or caches that have different " +
		"origins. The origin is to blame when it failed within the last minute. Copies of one stream, of whatever age, are no difference.",
	Spec:     "RFC 8216bis §6.2.1; CloudFront Developer Guide, Origin failover",
	Severity: probe.Error,
	Blame:    probe.BlameCDN,
	When:     OnUpdate,
	Hold:     5,
	Explains: append(followFlap(), "edge.body", "edge.bytes", "edge.ahead", "edge.lag", "edge.age", "edge.seg"),
	Run: func(p *Pass) {
		h := p.History
		if !h.Swap.Back || p.first() || h.Pair.Swap.Was != 0 {
			return
		}
		blame := probe.Blame("")
		if at := h.Pair.LastError; !at.IsZero() && p.Now.Sub(at) < time.Minute {
			blame = probe.BlameOrigin
		}
		p.Accuse(blame, probe.Error, "segment %d is again what it was before another playlist came in between; the origin keeps to one", h.Swap.MSN)
	},
})

// followFlap lists what two streams by turns look like, one text at a time.
func followFlap() []string {
	return []string{"seg.mutated", "seg.hash", "seg.status", "avail.early", "seq.*", "dseq.math", "pdt.*", "hdr.changed", "td.changed", "win.shrunk", "upd.stale", "alt.*"}
}
