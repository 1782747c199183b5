package monitor

import (
	"context"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// removedEvery is how often a segment that left the playlist is looked for.
const removedEvery = time.Minute

// probeRemoved takes one of the segments that left the playlist, now and then,
// and looks for it shortly before it may vanish: a segment's duration and that
// of the longest playlist after its removal (RFC 8216bis §6.2.2). A probe that
// missed its time is left out.
func (l *loop) probeRemoved(ctx context.Context, o *probe.Observation, before *probe.Playlist) {
	cur, now := o.Playlist, o.Exchange.Done
	if l.gone != nil {
		late := now.Sub(l.goneAt)
		if late < 0 {
			return
		}
		if late < l.gone.probe.Duration*3/2 {
			l.gone.ctx = ctx
			l.submit(l.gone)
		}
		l.gone, l.goneAt = nil, now
		return
	}
	if o.Target.Side == probe.Edge && l.s.m.watches(probe.Origin) {
		return // what the origin has lost, the edge loses soon
	}
	if l.s.m.opts.Segments == SegmentsNone || now.Sub(l.goneAt) < removedEvery {
		return
	}
	if l.base.IsZero() || !cur.Live() || len(before.Segments) == 0 {
		return
	}
	s := &before.Segments[0]
	u := resolve(l.base, s.URI)
	newest, _ := cur.Last()
	removed := s.MSN < cur.Segments[0].MSN && s.MSN <= newest.MSN
	if !removed || s.Gap || s.ByteRange.Stated || u == "" {
		return
	}
	window := max(before.Window(), cur.Window())
	l.goneAt = now.Add(window - s.Duration*3/2)
	l.gone = &job{loop: l, target: o.Target, url: u, probe: probe.SegmentProbe{
		MSN: s.MSN, URI: strings.Clone(s.URI), Listed: now, Duration: s.Duration, Removed: true,
	}}
}
