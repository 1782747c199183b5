package checks

import (
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// atSource reports whether this side is where content is judged: the origin, or
// an edge whose origin gives no playlist. Elsewhere the origin's copy is judged,
// and edge.body and edge.bytes compare the two.
func (p *Pass) atSource() bool {
	h := p.History
	return h.Target.Side == probe.Origin || h.Pair == nil || h.Pair.Good == nil
}

// origin returns what is known of the same playlist at the origin, when an edge
// was observed whose origin is watched too.
func (p *Pass) origin() (*evidence.History, bool) {
	h := p.History
	return h.Pair, h.Target.Side == probe.Edge && h.Pair != nil
}

// firstProbe returns the record of a segment whose first good probe this is, at
// the source. What other probes show is no round of a check of content.
func (p *Pass) firstProbe() (*evidence.SegmentRecord, bool) {
	rec, ok := p.History.Segment(p.Obs.Segment.MSN)
	if !ok || !rec.OK || p.Obs.Segment.Repeat || !rec.FirstOK().Equal(rec.At()) || !p.atSource() {
		p.Silent = true
		return nil, false
	}
	return rec, true
}

// wholeSeconds reports whether a duration may have been rounded to seconds, as
// EXTINF was before version 3 of the protocol.
func wholeSeconds(rec *evidence.SegmentRecord) bool { return rec.Duration%1e9 == 0 }

// listed returns the newest playlist's entry of a segment that was probed.
func listed(h *evidence.History, rec *evidence.SegmentRecord) (*probe.Segment, bool) {
	if h.Playlist == nil {
		return nil, false
	}
	s, ok := h.Playlist.Find(rec.MSN)
	return s, ok && samePath(s.URI, rec.URI)
}
