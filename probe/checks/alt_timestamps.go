package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var altTimestamps = register(Check{
	ID:      "alt.timestamps",
	Summary: "renditions have different media time at one moment",
	Doc: "The first media timestamps of segments in two renditions are further apart than their program date-times " +
		"are: by more than 0.5 s is a warning, by more than two target durations an error. Two of four segments open an " +
		"incident. Smaller differences are normal: first timestamps are in decoding order, and that differs between " +
		"codecs. Renditions without EXT-X-PROGRAM-DATE-TIME are not compared.",
	Spec:     "RFC 8216bis §6.2.4; TN2235",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnSegment,
	After:    2, Of: 4,
	Hold:             5,
	AcrossRenditions: true,
	Run: func(p *Pass) {
		rec, ok := p.firstProbe()
		if !ok || !rec.Start.Stated {
			p.Silent = true
			return
		}
		h := p.History
		at, dsn := dateOf(h, rec)
		for _, s := range h.Siblings {
			if at.IsZero() || !p.comparable(s) {
				continue
			}
			other, theirs, otherDSN := probedAt(s, at, rec.Duration/2)
			if other == nil || other.Wraps != rec.Wraps {
				continue
			}
			off := (timeBetween(other.Start.Value, rec.Start.Value, rec.Wraps) - at.Sub(theirs)).Abs()
			if otherDSN != dsn || off <= time.Second/2 || !inOrder(s) || !inOrder(h) {
				continue
			}
			sev := probe.Warning
			if td := h.TD(); td > 0 && off > 2*td {
				sev = probe.Error
			}
			p.Reportf(sev, "segment %d is %s from segment %d of %s", rec.MSN, Seconds(off), other.MSN, s.Target.Rendition)
		}
	},
})

// dateOf returns the program date-time of a segment that was probed, carried
// forward from the last one that is written, zero when there is none; and its
// discontinuity sequence number.
func dateOf(h *evidence.History, rec *evidence.SegmentRecord) (at time.Time, dsn uint64) {
	s, ok := listed(h, rec)
	if !ok {
		return time.Time{}, 0
	}
	var since time.Duration
	index := int(s.MSN - h.Playlist.Segments[0].MSN)
	for i := index; i >= max(0, index-datesBack); i-- {
		before := &h.Playlist.Segments[i]
		if i != index {
			since += before.Duration
		}
		if !before.PDT.IsZero() {
			return before.PDT.Add(since), s.DSN
		}
		if before.Discontinuity {
			break
		}
	}
	return time.Time{}, s.DSN
}

// datesBack is how many segments back a program date-time is looked for.
const datesBack = 256

// probedAt returns the newest record whose segment begins within slack of a
// program date-time and says where its time begins, and that segment's own
// program date-time and discontinuity sequence number. One walk finds it.
func probedAt(
	h *evidence.History, at time.Time, slack time.Duration,
) (found *evidence.SegmentRecord, begins time.Time, dsn uint64) {
	if h.Playlist == nil {
		return nil, begins, 0
	}
	var date time.Time
	segments := h.Playlist.Segments
	for i := max(0, len(segments)-datesBack); i < len(segments); i++ {
		s := &segments[i]
		if !s.PDT.IsZero() {
			date = s.PDT
		} else if s.Discontinuity {
			date = time.Time{}
		}
		if date.IsZero() {
			continue
		}
		if date.Sub(at).Abs() <= slack {
			if rec, ok := h.Segment(s.MSN); ok && rec.OK && rec.Start.Stated && samePath(s.URI, rec.URI) {
				found, begins, dsn = rec, date, s.DSN
			}
		}
		date = date.Add(s.Duration)
	}
	return found, begins, dsn
}
