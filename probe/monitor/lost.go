package monitor

import (
	"slices"
	"sync"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// lostKept is how many lost segments of one playlist are remembered.
const lostKept = 16

// lost are the listed segments of a playlist that could not be fetched when they
// were last probed. They are asked for again before others: whoever has them
// back first tells where they were lost.
type lost struct {
	mu   sync.Mutex
	msns []uint64
}

// note files how the probes of a segment ended.
func (l *lost) note(msn uint64, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.msns = slices.DeleteFunc(l.msns, func(m uint64) bool { return m == msn })
	if found {
		return
	}
	if l.msns = append(l.msns, msn); len(l.msns) > lostKept {
		l.msns = slices.Delete(l.msns, 0, 1)
	}
}

// next returns the index, among listed segments, of the lost one that was asked
// for longest ago; false when none of them is lost. What is not listed any more
// is forgotten.
func (l *lost) next(listed []probe.Segment) (int, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.msns) > 0 {
		i := slices.IndexFunc(listed, func(s probe.Segment) bool { return s.MSN == l.msns[0] })
		l.msns = slices.Delete(l.msns, 0, 1)
		if i >= 0 {
			l.msns = append(l.msns, listed[i].MSN) // the others first, before it is its turn again
			return i, true
		}
	}
	return 0, false
}

// doubt has the origin asked once more for a segment that an edge could not give,
// while what is known of the origin is older than that: it may have lost the
// segment since.
func (s *stream) doubt(o *probe.Observation, h *evidence.History) {
	if h == nil || o.Segment == nil || !o.Segment.Media() || o.OK() || o.Target.Side != probe.Edge {
		return
	}
	mine, theirs, both := h.Both(h.Pair, o.Segment.MSN)
	origin := s.loop(o.Target.Rendition, probe.Place{Side: probe.Origin})
	if !both || !theirs.OK || !theirs.Asked.Before(mine.FailedAt) || origin == nil {
		return
	}
	listing := origin.listing.Load()
	if listing == nil {
		return
	}
	if seg, listed := listing.Playlist.Find(o.Segment.MSN); listed {
		last, _ := listing.Playlist.Last()
		origin.probeSegment(s.ctx, listing, seg, seg.MSN == last.MSN, true)
	}
}

const (
	keepsUnknown = iota // whether an edge has what it is asked for again
	keepsAll            // it has
	keptOnce            // it had, and did not have the newest
)

// changing is for how many target durations every update looks at an older segment
// after one has changed.
const changing = 11

// watchOlder notes what the looks at older segments say of how many are due:
// whether bytes change, and whether an edge has what it is asked for again.
func (s *stream) watchOlder(o *probe.Observation, h *evidence.History) {
	if h == nil || o.Segment == nil || !o.Segment.Repeat || !o.OK() {
		return
	}
	l := s.loop(o.Target.Rendition, o.Target.Place())
	if l == nil {
		return
	}
	if rec, ok := h.Segment(o.Segment.MSN); ok && rec.Changed() {
		l.changes.Store(o.Exchange.Done.Add(changing * h.TD()).UnixNano())
	}
	switch {
	case o.Target.Side != probe.Edge:
	case !h.Hits.Open:
		l.keeps.Store(keepsUnknown)
	case o.Exchange.Hit():
		l.keeps.Store(keepsAll)
	default:
		l.keeps.Store(keptOnce)
	}
}
