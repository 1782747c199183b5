package evidence

import "github.com/streamwatch/streamwatch/probe"

// Marks are yes or no of the newest segments, bit 0 of the newest one.
type Marks struct {
	Bits uint64
	N    uint8 // how many are known, at most 64
	Open bool  // of what stretches over several segments: it has begun
}

// Add marks one segment more.
func (m *Marks) Add(yes bool) {
	m.Bits <<= 1
	if yes {
		m.Bits |= 1
	}
	m.N = min(m.N+1, 64)
}

// Count returns how many of the newest n are marked.
func (m *Marks) Count(n int) (marked int) {
	for i := range n {
		marked += int(m.Bits >> i & 1)
	}
	return marked
}

// BreaksOf returns the discontinuities among the newest segments of a target
// whose text is new. Those of ad breaks that cues announce are none.
func BreaksOf(h *History) Marks {
	m, prev, cur := h.Breaks, h.Previous, h.Playlist
	if prev == nil || len(prev.Segments) == 0 || len(cur.Segments) == 0 {
		return Marks{}
	}
	if last(cur).MSN < last(prev).MSN || cur.Segments[0].MSN > last(prev).MSN+1 {
		return Marks{} // the two do not connect
	}
	for i := last(prev).MSN + 1 - cur.Segments[0].MSN; i < uint64(len(cur.Segments)); i++ {
		s := &cur.Segments[i]
		within := m.Open || s.CueOut.Stated || s.CueIn
		m.Open = (m.Open || s.CueOut.Stated) && !s.CueIn
		m.Add(s.Discontinuity && !within)
	}
	return m
}

// HitsOf returns the answers from cache among the newest segments that we asked
// an edge for a second time, before the judge files the probe. What others asked
// for long ago may have left the cache. Open says that such requests were hits once.
func HitsOf(h *History, o *probe.Observation) Marks {
	m := h.Hits
	if _, known := h.Segment(o.Segment.MSN); !known {
		return m
	}
	if h.Target.Side != probe.Edge || !o.Segment.Repeat || !o.OK() || o.Exchange.Cache() == "" {
		return m
	}
	m.Add(o.Exchange.Hit())
	m.Open = m.Open || m.N >= HitsKnown && m.Count(HitsKnown) >= HitsKnown-1
	return m
}

// HitsKnown is of how many repeated requests all but one are hits where an edge
// keeps segments, and none where it does so no longer. Caches that take turns
// behind one name are in between.
const HitsKnown = 16
