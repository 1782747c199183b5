package monitor

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// Low-latency delivery is probed in sessions beside the polls, which stay what
// freshness is judged by: a handful of requests every few target durations, one
// after the other. Both sides and all renditions of a stream begin theirs at
// the same moments, so that what one shows can be held against another.

const (
	sessionEvery   = 2 // target durations between the begins of two sessions
	sessionAtLeast = 6 * time.Second
	sessionReloads = 9                      // blocking reloads of one session, at most
	sessionWaits   = 4                      // of those that had to wait: each measures a part
	refusalsEvery  = 64                     // sessions between two looks at what must be refused
	secondTry      = 500 * time.Millisecond // by then the judge has had the playlist polled

	deliveryAtLeast = 2 * time.Second // deadline of what need not wait
	reloadLongest   = 40 * time.Second
)

// offer is the newest playlist of a loop that offers low latency.
type offer struct {
	playlist *probe.Playlist
	base     probe.Address
}

// delivery probes the low-latency delivery of one loop's target. It belongs to
// its own goroutine.
type delivery struct {
	loop  *loop
	turn  int
	known *probe.Playlist // the newest full one
	seen  time.Time       // when known arrived, by a reload of this session
	quick bool            // a round trip is short beside a part: arrivals tell when parts appear
}

// offerDelivery tells the prober of a new playlist, and starts it with the
// first one that offers low latency.
func (l *loop) offerDelivery(ctx context.Context, o *probe.Observation) {
	if o.Playlist.Parts == 0 || !o.Playlist.Offers() {
		l.offered.Store(nil)
		return
	}
	l.offered.Store(&offer{o.Playlist, l.base})
	if !l.delivering {
		l.delivering = true
		d := &delivery{loop: l}
		l.s.group.Go(func() { d.run(ctx) })
	}
}

// run holds sessions until ctx is done.
func (d *delivery) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return
		}
		td := 2 * time.Second
		if on := d.loop.offered.Load(); on != nil && !on.base.IsZero() {
			td = on.playlist.MeasuredTarget()
			d.session(ctx, on)
			d.turn++
		}
		timer.Reset(d.loop.untilSession(time.Now(), max(sessionEvery*td, sessionAtLeast)))
	}
}

// untilSession is the wait until the next moment at which all targets of the
// stream begin a session; streams are spread over it by the hash of their names.
func (l *loop) untilSession(now time.Time, every time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(l.s.cfg.Name)) // a hash does not fail
	spread := time.Duration(h.Sum64() % uint64(every))
	return every - time.Duration((now.UnixNano()-int64(spread))%int64(every))
}

// session looks at each kind of delivery once, but for what must be refused.
func (d *delivery) session(ctx context.Context, on *offer) {
	d.known, d.seen = on.playlist, time.Time{}
	if !d.past(ctx) {
		return
	}
	d.follow(ctx)
	d.delta(ctx)
	if d.loop.s.m.opts.Segments != SegmentsNone {
		d.listed(ctx, on.base)
		d.hinted(ctx, on.base)
	}
	if d.turn%refusalsEvery == 0 && d.loop.asksForRefusal() {
		msn, _ := d.known.LastPart()
		d.reload(ctx, probe.LowLatencyProbe{Ask: probe.AskFar, MSN: msn + 10}, fmt.Sprintf("_HLS_msn=%d", msn+10))
		d.reload(ctx, probe.LowLatencyProbe{Ask: probe.AskAlone}, "_HLS_part=0")
	}
}

// asksForRefusal reports whether requests that must fail are made on this side:
// at the origin, and at an edge that is watched alone. They would be noise in
// the error rates of the CDN.
func (l *loop) asksForRefusal() bool {
	return l.target.Load().Side == probe.Origin || !l.s.m.watches(probe.Origin)
}

// past asks for what is listed already, which brings the present state. It
// reports whether to go on.
func (d *delivery) past(ctx context.Context) bool {
	msn, part := d.known.LastPart()
	l := probe.LowLatencyProbe{Ask: probe.AskPast, MSN: msn, Part: max(part, 0)}
	query := fmt.Sprintf("_HLS_msn=%d", msn)
	if part >= 0 {
		query += fmt.Sprintf("&_HLS_part=%d", part)
	}
	o := d.reload(ctx, l, query)
	if o == nil {
		return false
	}
	if d.quick = o.OK() && d.short(&o.Exchange); !d.quick {
		d.present(ctx) // held, it says nothing of the round trip
	}
	return o.OK() || o.Exchange.Failure == probe.FailTimeout
}

// follow asks for one part after the other until enough of them had to be
// waited for. A reload that fails is repeated once.
func (d *delivery) follow(ctx context.Context) {
	waits, failures, begun := 0, 0, time.Now()
	for range sessionReloads {
		if time.Since(begun) > 2*d.known.MeasuredTarget()+4*d.known.PartTarget.Value {
			return // parts hardly come: what there is to see was seen
		}
		msn, part := d.known.LastPart()
		if s, ok := d.known.Last(); ok && s.MSN == msn {
			msn, part = msn+1, -1 // complete: the next part is the first of the next segment
		}
		part++
		l := probe.LowLatencyProbe{Ask: probe.AskNext, MSN: msn, Part: part}
		if d.quick {
			l.Since = d.seen
		}
		o := d.reload(ctx, l, fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d", msn, part))
		switch {
		case o == nil:
			return
		case o.LowLatency.Playlist == nil || !o.LowLatency.Playlist.Lists(msn, part):
			if failures++; failures > 1 || !probe.Pause(ctx, secondTry) {
				return
			}
			d.seen = time.Time{} // what follows no longer measures a part
		case o.LowLatency.Waited(o.Exchange.Duration()):
			if waits++; waits == sessionWaits {
				return
			}
		}
	}
}

// listed fetches the newest part that is listed.
func (d *delivery) listed(ctx context.Context, base probe.Address) {
	d.twice(ctx, func() bool {
		parts := d.known.TrailingParts
		msn := d.known.NextMSN()
		if s, ok := d.known.Last(); ok && len(parts) == 0 {
			parts, msn = s.Parts, s.MSN
		}
		if len(parts) == 0 || parts[len(parts)-1].Gap {
			return true
		}
		p := &parts[len(parts)-1]
		l := probe.LowLatencyProbe{Ask: probe.AskPart, MSN: msn, Part: len(parts) - 1, URI: p.URI}
		req := fetch.Request{
			URL:       resolve(base, p.URI),
			Limit:     fetch.SegmentBytes,
			LimitName: segmentLimit,
			First:     fetch.HeadBytes,
		}
		switch {
		case d.loop.s.m.opts.Segments == SegmentsHead:
			req.Method, req.First = http.MethodHead, 0
		case p.ByteRange.Stated:
			req.Offset, req.First = p.ByteRange.Value.Offset, min(p.ByteRange.Value.Length, fetch.HeadBytes)
		}
		o := d.ask(ctx, &l, req, p.ByteRange, deliveryAtLeast)
		return o == nil || o.OK()
	})
}

// hinted fetches the part that is hinted, which is sent when it is complete.
func (d *delivery) hinted(ctx context.Context, base probe.Address) {
	d.twice(ctx, func() bool {
		if time.Since(d.seen) > d.known.PartTarget.Value/4 {
			d.present(ctx) // a hint is only one until its part is out
		}
		for _, h := range d.known.PreloadHints {
			if h.Type != "PART" {
				continue
			}
			msn, part := d.known.LastPart()
			l := probe.LowLatencyProbe{Ask: probe.AskHint, MSN: msn, Part: part + 1, URI: h.URI}
			req := fetch.Request{URL: resolve(base, h.URI), Limit: fetch.SegmentBytes, LimitName: segmentLimit}
			if d.loop.s.m.opts.Segments == SegmentsHead {
				req.Method = http.MethodHead
			}
			if h.ByteRangeStart > 0 || h.ByteRangeLength.Stated {
				return true // a range of a resource that grows: nothing to hold against
			}
			o := d.ask(ctx, &l, req, probe.Fact[probe.ByteRange]{}, deliveryAtLeast+d.known.MeasuredTarget())
			return o == nil || o.OK()
		}
		return true
	})
}

// delta asks for a delta update. What it is held against has come just before.
func (d *delivery) delta(ctx context.Context) {
	control := &d.known.ServerControl.Value
	if !control.CanSkipUntil.Stated {
		return
	}
	query := "_HLS_skip=YES"
	if control.CanSkipDateRanges {
		query = "_HLS_skip=v2"
	}
	d.reload(ctx, probe.LowLatencyProbe{Ask: probe.AskDelta}, query)
}

// present brings the present state, without a directive.
func (d *delivery) present(ctx context.Context) {
	body, ex := d.get(ctx, fetch.Request{URL: d.loop.target.Load().URL, AcceptGzip: true}, deliveryAtLeast)
	if ex.OK() {
		d.learn(d.loop.decode(&ex, body), ex.Done)
		d.quick = d.short(&ex)
	}
}

// short reports whether an answer took a time that is short beside a part.
func (d *delivery) short(ex *probe.Exchange) bool {
	return ex.Duration() <= d.known.PartTarget.Value/2+50*time.Millisecond
}

// learn takes over a full playlist of low latency.
func (d *delivery) learn(pl *probe.Playlist, at time.Time) {
	if pl.Offers() && !pl.Skipped.Stated {
		d.known, d.seen = pl, at
	}
}

// twice tries again after a while when a try fails, so that one session has
// the evidence of two.
func (d *delivery) twice(ctx context.Context, try func() bool) {
	if !try() && probe.Pause(ctx, secondTry) {
		try()
	}
}

// withQuery adds delivery directives to a URL.
func withQuery(u, directives string) string {
	u, _, _ = strings.Cut(u, "#")
	if strings.Contains(u, "?") {
		return u + "&" + directives
	}
	return u + "?" + directives
}

// decode reads a playlist of the loop's target.
func (l *loop) decode(ex *probe.Exchange, body []byte) *probe.Playlist {
	t := l.target.Load()
	in := playlist.Inputs{Address: ex.Address, Limit: l.s.m.opts.Limits.Playlist, Quote: l.as.Quoting(ex)}
	if v := l.s.variables.Load(); v != nil && t.Rendition != "" {
		in.Imports = *v
	}
	return playlist.Decode(body, in)
}
