package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Renamed reports whether two playlists list the same segments under other
// names, which carry another session: each one that both list has its number,
// duration, date and discontinuity, and all names differ in one and the same
// place, where a number or an id stands. Servers mint sessions for each fetch
// of a multivariant playlist. A segment is what it holds; its name is a hint.
func Renamed(a, b *probe.Playlist) bool { return renamed(a, b, session) }

// renamed is Renamed for names that differ in words of a kind.
func renamed(a, b *probe.Playlist, kind func(word string) bool) bool {
	r := renaming{kind: kind}
	shared := 0
	for i := range a.Segments {
		x := &a.Segments[i]
		y, listed := b.Find(x.MSN)
		if !listed {
			continue
		}
		if shared++; !r.covers(x, y) {
			return false
		}
	}
	return shared > 0 && r.known
}

// renaming is what stands in one list of names in the place of something else.
type renaming struct {
	kind     func(word string) bool // of the words that may stand there
	known    bool
	from, to string
}

// covers reports whether two segments are the same but for the names.
func (r *renaming) covers(a, b *probe.Segment) bool {
	switch {
	case !alike(a, b), a.DSN != b.DSN:
		return false
	case path(a.URI) == path(b.URI), !r.maps(a.URI, b.URI):
		return false
	case a.Map != nil && path(a.Map.URI) != path(b.Map.URI) && !r.maps(a.Map.URI, b.Map.URI):
		return false
	}
	for i := range a.Keys {
		x, y := &a.Keys[i], &b.Keys[i]
		if x.Method != y.Method || x.IV != y.IV || x.KeyFormat != y.KeyFormat {
			return false
		}
		if path(x.URI) != path(y.URI) && !r.maps(x.URI, y.URI) {
			return false
		}
	}
	return true
}

// alike reports whether two segments are one but for their names and for the
// discontinuities before them.
func alike(a, b *probe.Segment) bool {
	const rounding = 100 * time.Millisecond
	return (a.Duration-b.Duration).Abs() <= time.Millisecond && a.ByteRange == b.ByteRange &&
		a.PDT.IsZero() == b.PDT.IsZero() && a.PDT.Sub(b.PDT).Abs() <= rounding &&
		(a.Map == nil) == (b.Map == nil) && len(a.Keys) == len(b.Keys)
}

// maps reports whether two names differ as those before did; the first two set
// what that is.
func (r *renaming) maps(a, b string) bool {
	a, b = path(a), path(b)
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	endA, endB := len(a), len(b)
	for endA > same && endB > same && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
	}
	from, to := word(a, same, endA), word(b, same, endB)
	if r.known {
		return r.from == from && r.to == to
	}
	r.from, r.to = from, to
	r.known = r.kind(from) && r.kind(to)
	return r.known
}

// word is what stands around name[from:to]. Where a segment's own number is part
// of it, it is another one in each name, and no session.
func word(name string, from, to int) string {
	for from > 0 && alphanumeric(name[from-1]) {
		from--
	}
	for to < len(name) && alphanumeric(name[to]) {
		to++
	}
	return name[from:to]
}

// session reports whether a word can be the number or the id of a session: two
// packagers are told apart by less.
func session(word string) bool {
	digits := 0
	for _, c := range []byte(word) {
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	return len(word) >= 5 && digits >= 4 || len(word) >= 16
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// Stitched reports whether an edge lists other segments than its origin in ad
// breaks only: between EXT-X-CUE-OUT and EXT-X-CUE-IN, or in runs that
// discontinuities bound, beside at least one run that is the origin's.
func Stitched(origin, edge *probe.Playlist) bool {
	var ads, content runs
	within, announced := false, 0 // by cues
	for i := range edge.Segments {
		s := &edge.Segments[i]
		o, listed := origin.Find(s.MSN)
		cue, end := s.CueOut.Stated || listed && o.CueOut.Stated, s.CueIn || listed && o.CueIn
		within = (within || cue) && !end
		switch {
		case !listed:
		case sameContent(o, s):
			content.add(s.DSN)
		case within:
			announced++
		default:
			ads.add(s.DSN)
		}
	}
	if ads.none() {
		return announced > 0 || rejoins(origin, edge)
	}
	return !content.none() && !ads.meet(&content)
}

// rejoins reports whether the window of an edge begins where an ad break of its
// own ended: all is the origin's, but for the discontinuity before the first segment.
func rejoins(origin, edge *probe.Playlist) bool {
	for i := range edge.Segments {
		s := &edge.Segments[i]
		o, listed := origin.Find(s.MSN)
		if i == 0 && (!listed || !s.Discontinuity || o.Discontinuity || s.DSN <= o.DSN) {
			return false
		}
		if i > 0 && listed && s.Discontinuity != o.Discontinuity {
			return false
		}
	}
	return len(edge.Segments) > 0
}

// sameContent reports whether both sides list one segment, whatever its number
// of discontinuity and its host.
func sameContent(a, b *probe.Segment) bool {
	asLong := (a.Duration - b.Duration).Abs() <= time.Millisecond
	return asLong && lastPart(a.URI) == lastPart(b.URI) && a.ByteRange == b.ByteRange
}

// lastPart is the last element of a URI's path.
func lastPart(uri string) string {
	uri = path(uri)
	return uri[strings.LastIndexByte(uri, '/')+1:]
}

// runs are the discontinuity sequence numbers of segments, in rising order.
type runs struct{ dsn []uint64 }

func (r *runs) add(dsn uint64) {
	if n := len(r.dsn); n == 0 || r.dsn[n-1] != dsn {
		r.dsn = append(r.dsn, dsn)
	}
}

func (r *runs) none() bool { return len(r.dsn) == 0 }

// meet reports whether one run has segments of both.
func (r *runs) meet(other *runs) bool {
	return slices.ContainsFunc(r.dsn, func(dsn uint64) bool { return slices.Contains(other.dsn, dsn) })
}
