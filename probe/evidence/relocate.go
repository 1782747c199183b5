package evidence

import "github.com/streamwatch/streamwatch/probe"

// Relocated reports whether an edge lists its origin's segments at other
// addresses: each one that both list is alike but for its name, the last part of
// that is the same, and what stands before it is one place on each side. Edges
// write whole addresses, or put a session or a token in front.
func Relocated(origin, edge *probe.Playlist) bool {
	var from, to string
	shared := 0
	for i := range edge.Segments {
		y := &edge.Segments[i]
		x, listed := origin.Find(y.MSN)
		if !listed {
			continue
		}
		a, b := path(x.URI), path(y.URI)
		last := lastPart(a)
		if !alike(x, y) || last != lastPart(b) {
			return false
		}
		a, b = a[:len(a)-len(last)], b[:len(b)-len(last)]
		if shared > 0 && (a != from || b != to) {
			return false
		}
		from, to = a, b
		shared++
	}
	return shared > 0 && from != to
}

// Both returns the records of a segment here and on another playlist of the same
// rendition; false when it was not probed on both, or its number names two
// segments. What its name is does not count where all segments of one have other
// names.
func (h *History) Both(other *History, msn uint64) (mine, theirs *SegmentRecord, ok bool) {
	if other == nil {
		return nil, nil, false
	}
	mine, ok = h.Segment(msn)
	theirs, also := other.Segment(msn)
	if !ok || !also || mine.Offset != theirs.Offset {
		return nil, nil, false
	}
	return mine, theirs, path(mine.URI) == path(theirs.URI) || h.renamed(other)
}

// SameBytes reports whether an edge lists its origin's segments under other names,
// whatever these are: all differ in one and the same place, and what was probed under
// them on both sides is the same. compared is false while nothing was.
func (h *History) SameBytes(origin *History) (same, compared bool) {
	a, b := origin.Playlist, h.Playlist
	if a == nil || b == nil || !renamed(a, b, func(word string) bool { return word != "" }) {
		return false, true
	}
	for i := range b.Segments {
		mine, ok := h.listed(b.Segments[i].MSN)
		theirs, also := origin.listed(b.Segments[i].MSN)
		if !ok || !also {
			continue
		}
		if mine.Differs(theirs.SegmentBytes) {
			return false, true
		}
		same = same || mine.HashBytes > 0 && mine.HashBytes == theirs.HashBytes
	}
	return same, same
}

// listed returns the record of a segment under the name that it is listed by.
func (h *History) listed(msn uint64) (*SegmentRecord, bool) {
	rec, ok := h.Segment(msn)
	s, also := h.Playlist.Find(msn)
	return rec, ok && also && rec.OK && path(rec.URI) == path(s.URI)
}

// renamed reports whether another lists the same segments under other names.
func (h *History) renamed(other *History) bool {
	a, b := other.Playlist, h.Playlist
	return a != nil && b != nil && (Renamed(a, b) || Relocated(a, b))
}

// PairMap is Map on the other side, of the resource that is there what the named
// one is here.
func (h *History) PairMap(uri string, offset int64) (*MapRecord, bool) {
	if rec, ok := h.Pair.Map(uri, offset); ok || h.Playlist == nil || h.Pair.Playlist == nil {
		return rec, ok
	}
	for i := range h.Playlist.Segments {
		s := &h.Playlist.Segments[i]
		if s.Map == nil || path(s.Map.URI) != path(uri) {
			continue
		}
		o, listed := h.Pair.Playlist.Find(s.MSN)
		if listed && o.Map != nil && h.renamed(h.Pair) {
			return h.Pair.Map(o.Map.URI, offset)
		}
	}
	return nil, false
}
