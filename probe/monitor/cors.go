package monitor

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

const (
	elsewhere = "https://streamwatch.invalid" // where no site is named; no server's list of sites can hold it
	corsEvery = time.Minute                   // between two looks at one playlist
	corsSure  = 5 * time.Minute               // the same, while all other requests are told that every page is permitted
	corsTries = 3                             // looks at once, one after each poll, while nothing is permitted
	corsCrowd = 100                           // streams: with more of them the first looks are spread
	corsApart = 10 * time.Millisecond         // for each of those that are more
)

// corsLooks is what a loop knows of its looks with an Origin header.
type corsLooks struct {
	due    time.Time
	under  atomic.Bool  // one is under way
	denied atomic.Int32 // answers in a row that permitted nothing

	given   probe.Fact[string]     // what polls are told, though they do not ask
	segment atomic.Pointer[string] // what the newest probe of a segment was told; nil is not known
	probed  string                 // that, at the newest poll
	hurried time.Time              // when one of them changed
	left    int                    // looks that the newest change still brings
}

// firstCORSLook is when a loop may look for the first time: at once, but for events of
// thousands of streams, which would ask for more looks than polls at their start.
func (l *loop) firstCORSLook() time.Time {
	more := max(0, len(l.s.m.all())-corsCrowd)
	return time.Now().Add(l.share(min(time.Duration(more)*corsApart, corsEvery)))
}

// notice has looks follow at once where polls are told something else than
// before, or probes of segments are told no longer that every page is permitted: what
// pages are told has changed too, most likely.
func (c *corsLooks) notice(ex *probe.Exchange) {
	if ex.Status != http.StatusOK {
		return // a 304 need not repeat it
	}
	since := time.Since(c.hurried)
	hurry := c.given.Stated && c.given.Value != ex.AllowOrigin && since > corsEvery/6
	c.given = probe.State(strings.Clone(ex.AllowOrigin))
	if told := c.segment.Load(); told != nil {
		hurry = hurry || c.probed == "*" && *told != "*" && since > corsEvery
		c.probed = *told
	}
	if hurry {
		c.hurried, c.left = time.Now(), corsTries
	}
}

// noteSegment files what the probe of a segment was told.
func (c *corsLooks) noteSegment(ex *probe.Exchange) {
	if was := c.segment.Load(); ex.OK() && (was == nil || *was != ex.AllowOrigin) {
		c.segment.Store(new(strings.Clone(ex.AllowOrigin)))
	}
}

// every is how long to wait after a look.
func (c *corsLooks) every() time.Duration {
	segment := c.segment.Load()
	if c.given.Value == "*" && (segment == nil || *segment == "*") && c.denied.Load() == 0 {
		return corsSure
	}
	return corsEvery
}

// lookFromElsewhere asks for the playlist once more, as a page on another site
// would, when that is due. Polls send no Origin. Where it is part of the CDN's
// cache key, they would see a copy of their own that no viewer gets, by turns
// an older and a newer one if only some sent it. Where it is not, as by
// CloudFront's default, this look gets the very copy that browsers get, and the
// polls, like the requests of players outside of browsers, show whether a copy
// that was stored without Origin still permits them.
func (l *loop) lookFromElsewhere(ctx context.Context, o *probe.Observation, deadline time.Duration) {
	l.cors.notice(&o.Exchange)
	denied := l.cors.denied.Load()
	again := denied > 0 && denied < corsTries || l.cors.left > 0
	due := again || !time.Now().Before(l.cors.due)
	if !due || !o.OK() || o.Playlist == nil || l.pace.failures > 0 || !l.harmless(false) {
		return
	}
	if underWay := l.cors.under.Swap(true); underWay {
		return
	}
	l.cors.due, l.cors.left = time.Now().Add(l.cors.every()), max(0, l.cors.left-1)
	playlist, more := o.Target.URL, l.cors.left > 0
	media, one := l.oneSegment(o)
	if one != nil && !l.harmless(true) {
		one, l.cors.due = nil, time.Now().Add(corsEvery) // the origin may not have been asked for one yet
	}
	l.s.group.Go(func() {
		defer l.cors.under.Store(false)
		permitted := l.asElsewhere(ctx, fetch.Request{URL: playlist, AcceptGzip: true}, nil, deadline)
		if permitted && one != nil {
			permitted = l.asElsewhere(ctx, fetch.Request{URL: media, First: 1}, one, deadline)
		}
		if permitted {
			l.cors.denied.Store(0)
		} else {
			more = l.cors.denied.Add(1) < corsTries || more
		}
		if more {
			l.nudge() // the next look comes with the next poll
		}
	})
}

// asked is what was asked for: a playlist, or one of its segments.
type asked struct {
	rendition string
	segment   bool
}

// harmless reports whether a look does no harm. An edge that forwards Origin
// and does not key by it keeps the answer to our look for everyone: where the
// event names no site, an origin that echoes who asks would have it say that
// nowhere is permitted, and one with a list of sites that nobody is. So such an
// edge is asked only while its origin, in answer to the same look, permits all.
func (l *loop) harmless(segment bool) bool {
	t := l.target.Load()
	if t.Side != probe.Edge || l.s.m.opts.Site != "" {
		return true
	}
	all, _ := l.s.public.Load(asked{t.Rendition, segment})
	return all == true
}

// oneSegment is what a look asks for besides: players need both, and CDNs have
// rules by path. It is one from the middle, which is there and stays for a while.
// One byte will do; HEAD would not, as S3 permits methods one by one.
func (l *loop) oneSegment(o *probe.Observation) (string, *probe.SegmentProbe) {
	segs := o.Playlist.Segments
	if len(segs) == 0 || l.base.IsZero() || l.s.m.opts.Segments == SegmentsNone {
		return "", nil
	}
	s := &segs[len(segs)/2]
	u := resolve(l.base, s.URI)
	if s.Gap || u == "" {
		return "", nil
	}
	return u, &probe.SegmentProbe{MSN: s.MSN, URI: s.URI, Listed: o.Exchange.Done, Duration: s.Duration}
}

// asElsewhere makes one request with an Origin header, has it judged, and
// reports whether the answer permits something. One that failed says nothing of
// that: the polls and probes tell.
func (l *loop) asElsewhere(ctx context.Context, req fetch.Request, s *probe.SegmentProbe, deadline time.Duration) bool {
	asking, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	req.Origin = cmp.Or(l.s.m.opts.Site, elsewhere)
	_, ex := l.as.Do(asking, req)
	if !ex.OK() || ctx.Err() != nil {
		return true
	}
	t := *l.target.Load()
	if t.Side == probe.Origin {
		l.s.public.Store(asked{t.Rendition, s != nil}, ex.AllowOrigin == "*")
	}
	l.s.take(ctx, &probe.Observation{Target: t, Exchange: ex, CORS: true, Segment: s})
	return ex.AllowOrigin != "" && !strings.Contains(ex.AllowOrigin, ",")
}
