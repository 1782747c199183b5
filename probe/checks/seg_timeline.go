package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// Where a segment's time begins must be where that of the one before ends.
var segTimeline = []*Check{
	segmentTime(Check{
		ID:      "seg.ts.pts",
		Summary: "media time jumps without a discontinuity",
		Doc:     "The first PTS of a segment (of packed audio, its timestamp)",
		Spec:    "RFC 8216bis §3; HLS Authoring Specification 7.2",
	}, true),
	segmentTime(Check{
		ID:      "seg.mp4.tfdt",
		Summary: "decode time jumps without a discontinuity",
		Doc:     "The first decode time of a segment, in the timescale of its EXT-X-MAP,",
		Spec:    "RFC 8216bis §3.1.2; HLS Authoring Specification 7.3",
	}, false),
}

// segmentTime registers a check of the time that its Doc names; wraps says
// whether that is a timestamp of 33 bits.
func segmentTime(c Check, wraps bool) *Check {
	c.Doc += " is not where the previous segment ends, by its EXTINF and, where known, by the duration of its samples, " +
		"and there is no EXT-X-DISCONTINUITY. More than 0.5 s off (1 s where EXTINF is in whole seconds) is an error. " +
		"More than 0.1 s is a warning where the samples state their durations. A timestamp of 33 bits may wrap. The " +
		"first bytes of a segment suffice. Not judged: segments that are encrypted as a whole, and segments that were " +
		"not probed one after the other."
	c.Severity, c.Blame, c.When, c.Hold = probe.Error, probe.BlameEncoder, OnSegment, 5
	c.Explains = []string{"alt.timestamps"}
	c.Run = func(p *Pass) {
		rec, ok := p.firstProbe()
		if !ok || !rec.Start.Stated || rec.Wraps != wraps {
			p.Silent = true
			return
		}
		h := p.History
		if before, ok := h.Segment(rec.MSN - 1); ok {
			p.compareTimes(before, rec)
		}
		if after, ok := h.Segment(rec.MSN + 1); ok { // probes can overtake each other
			p.compareTimes(rec, after)
		}
	}
	return register(c)
}

// compareTimes reports when b does not begin where a ends.
func (p *Pass) compareTimes(a, b *evidence.SegmentRecord) {
	if !joined(p.History, a, b) {
		return
	}
	took := timeBetween(a.Start.Value, b.Start.Value, a.Wraps)
	off, limit := took-a.Duration, time.Second/2
	if wholeSeconds(a) {
		limit = time.Second
	}
	exact := a.Lasts.Stated && !a.Wraps
	if a.Lasts.Stated && (took-a.Lasts.Value).Abs() < off.Abs() {
		off = took - a.Lasts.Value
	}
	switch {
	case off.Abs() > limit:
		p.Reportf(probe.Error, "segment %d begins %s after segment %d, which lasts %s",
			b.MSN, Seconds(took), a.MSN, Seconds(a.Duration))
	case exact && off.Abs() > time.Second/10:
		p.Reportf(probe.Warning, "segment %d begins %.2f s after segment %d, which lasts %.2f s",
			b.MSN, took.Seconds(), a.MSN, a.Duration.Seconds())
	}
}

// joined reports whether b follows a, as the newest playlist lists them, with
// nothing between them that may break the time.
func joined(h *evidence.History, a, b *evidence.SegmentRecord) bool {
	if !a.OK || !b.OK || !a.Start.Stated || !b.Start.Stated || a.Wraps != b.Wraps || a.Track != b.Track {
		return false
	}
	first, ok := listed(h, a)
	second, ok2 := listed(h, b)
	if !ok || !ok2 || first.DSN != second.DSN || first.Gap || second.Gap {
		return false
	}
	return first.Map == second.Map || first.Map != nil && second.Map != nil && samePath(first.Map.URI, second.Map.URI)
}

// wrap is after how long a timestamp of 33 bits at 90 kHz begins again: 26.5 hours.
const wrap = time.Duration(1<<33) * 100_000 / 9

// timeBetween is b − a; of timestamps that wrap, the nearer way round.
func timeBetween(a, b time.Duration, wraps bool) time.Duration {
	d := b - a
	switch {
	case wraps && d > wrap/2:
		d -= wrap
	case wraps && d < -wrap/2:
		d += wrap
	}
	return d
}
