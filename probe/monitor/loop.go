package monitor

import (
	"context"
	"hash/fnv"
	"sync/atomic"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// loop polls one target. Between two polls it is no more than a timer, which the
// tens of thousands of a large event feel. Its fields belong to the poll that is
// under way, but for target and those of its agenda.
type loop struct {
	agenda
	s      *stream
	as     *Viewer // who asks
	target atomic.Pointer[probe.Target]
	ctx    span // of its requests: a timer has none

	pace pace
	good *probe.Observation // the newest with a playlist
	base probe.Address      // that its references resolve against
	turn uint64             // counts updates, to take the listed segments in turn
	next uint64             // media sequence number of the first segment not probed yet

	listing atomic.Pointer[probe.Observation] // the newest with a media playlist; nil is none

	maps                *mapLooks              // nil until it lists an EXT-X-MAP
	mapLost             atomic.Bool            // the EXT-X-MAP that was probed last could not be fetched
	tracks              atomic.Pointer[tracks] // what it says of its tracks; nil while that is not known
	keyBad              atomic.Bool            // a key that it lists could not be fetched at the last look
	headless, rangeless atomic.Bool            // the server of segments knows no HEAD, or refuses Range
	lost                lost                   // segments that could not be fetched at the last look
	keeps               atomic.Int32           // keepsAll and so on, for segments of an edge
	changes             atomic.Int64           // until when each update looks at an older segment, Unix nanoseconds
	rung, rungs         atomic.Uint32          // its place among the renditions of the stream, and how many there are
	gone                *job                   // probe of a removed segment that waits for its time
	goneAt              time.Time              // its time; with none waiting, when one was taken last

	session session // the addresses that viewers may hold
	cors    corsLooks
	iframes iframeLooks

	offered    atomic.Pointer[offer] // to the prober of low-latency delivery; nil is none
	delivering bool                  // that prober was started
}

// span is the stream's context until its loop is stopped. Nothing wakes who waits for
// its Done then, and requests under way end by their deadline: it takes no room, and
// loops seldom stop before their stream.
type span struct {
	context.Context //nolint:containedctx // see above

	over atomic.Bool
}

// Err returns why the context is over.
func (s *span) Err() error {
	if s.over.Load() {
		return context.Canceled
	}
	return s.Context.Err()
}

// largestBuffer is what a body may leave behind for the next one to use.
const largestBuffer = 64 << 10

// earlyDeadline bounds a request while the target duration is not known.
const earlyDeadline = 4 * time.Second

func newLoop(ctx context.Context, s *stream, t probe.Target) *loop {
	at := s.m.at(t.Place())
	l := &loop{s: s, as: s.viewers[at], pace: pace{fixed: s.m.opts.Interval, edge: t.Side == probe.Edge}}
	l.ctx.Context = ctx
	l.target.Store(&t)
	l.cors.due = l.firstCORSLook()
	if t.Rendition == "" {
		s.entries[at].Store(l)
	}
	return l
}

// rename changes what the loop polls from its next poll on.
func (l *loop) rename(rendition, u string) {
	t := *l.target.Load()
	t.Rendition, t.URL = rendition, u
	l.target.Store(&t)
}

// entry is the loop of the multivariant playlist at the same place; nil while
// the stream has a single playlist.
func (l *loop) entry() *loop { return l.s.entries[l.s.m.at(l.target.Load().Place())].Load() }

// firstDelay spreads the first polls of many streams over two seconds, and those of
// thousands over more: who asks for all at
// once waits for what is late by then. A few begin at once.
func (l *loop) firstDelay() time.Duration {
	others := time.Duration(len(l.s.m.all()) - 1)
	spread := max(min(2*time.Second, others*20*time.Millisecond), others*4*time.Millisecond)
	return l.share(spread)
}

// share is the loop's own part of a time over which all loops are spread, by the hash
// of the target's name.
func (l *loop) share(spread time.Duration) time.Duration {
	if spread <= 0 {
		return 0
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(l.target.Load().String())) // never fails
	return time.Duration(hash.Sum64() % uint64(spread))
}

// poll fetches the target once, sends what it saw to the judge, starts the
// probes of new segments, and returns when to poll again.
func (l *loop) poll(ctx context.Context) time.Duration {
	deadline := earlyDeadline
	if l.pace.td > 0 {
		deadline = max(2*time.Second, l.pace.td)
	}
	l.adopt(ctx, deadline)
	into, _ := l.s.m.buffers.Get().(*[]byte)
	body, ex := l.ask(ctx, deadline, (*into)[:0])
	t := *l.target.Load()
	if ctx.Err() != nil {
		return time.Hour
	}
	l.s.m.strain.late(ex.Started.Add(deadline))
	strained := l.s.m.strain.strained()
	if ex.Failure == probe.FailTimeout && strained {
		return l.pace.confirmAfter()
	}
	o := &probe.Observation{Target: t, Exchange: ex, Strained: strained, Moved: l.session.dead(ex.Done)}
	l.read(o, body)
	if cap(body) > cap(*into) && cap(body) <= largestBuffer {
		*into = body
	}
	l.s.m.buffers.Put(into) // reading copied what it keeps
	advanced := l.note(ctx, o)
	if !l.s.take(ctx, o) {
		return time.Hour
	}
	wait := l.pace.after(o, advanced)
	l.askLadder()
	l.lookFromElsewhere(ctx, o, deadline)
	l.lookAtIFrames(ctx, o)
	if t.Rendition != "" {
		l.s.td.Store(int64(l.pace.td))
	} else {
		l.pace.td = time.Duration(l.s.td.Load()) // a multivariant playlist states none
	}
	return wait
}

// conditions makes a request conditional where the validators can be trusted.
// A file whose second of modification was not over when it was fetched may
// have changed since without another ETag or date (RFC 9110 §8.8.2.2). Nor is
// a playlist believed to stand still because its validators do.
func (l *loop) conditions(req *fetch.Request) {
	if l.good == nil || l.pace.failures > 0 || !l.session.moved.IsZero() {
		return // what another address said of its copy says nothing of this one
	}
	if l.pace.td > 0 && time.Since(l.pace.advanced) > 3*l.pace.td/2 {
		return
	}
	ex := &l.good.Exchange
	settled := !ex.LastModified.IsZero() && !ex.Date.IsZero() && ex.Date.Sub(ex.LastModified) >= 2*time.Second
	if ex.ETag != "" && (settled || ex.LastModified.IsZero()) {
		req.IfNoneMatch = ex.ETag
	} else if ex.ETag == "" && settled {
		req.IfModifiedSince = ex.LastModified
	}
}

// read turns the body into a playlist. One that equals the body before is not
// read again.
func (l *loop) read(o *probe.Observation, body []byte) {
	ex := &o.Exchange
	if !ex.OK() {
		return
	}
	if l.good != nil && (ex.Status == 304 || string(body) == l.good.Playlist.Text) {
		o.Playlist, o.Hash, o.Unchanged = l.good.Playlist, l.good.Hash, true
		if ex.Status == 304 {
			keepValidators(ex, &l.good.Exchange)
		}
		return
	}
	o.Hash = playlist.Hash(body)
	if o.Playlist = l.s.twins.find(o.Target.Rendition, body); o.Playlist == nil {
		o.Playlist = l.decode(ex, body)
		l.s.twins.keep(o.Target.Rendition, o.Playlist)
	}
}

// keepValidators carries over what a 304 need not repeat (RFC 9110 §15.4.5).
func keepValidators(ex, was *probe.Exchange) {
	if ex.ETag == "" {
		ex.ETag = was.ETag
	}
	if ex.LastModified.IsZero() {
		ex.LastModified = was.LastModified
	}
	if ex.CacheControl == "" {
		ex.CacheControl = was.CacheControl
	}
	if ex.ContentType == "" {
		ex.ContentType = was.ContentType
	}
}

// note remembers a good answer and reports whether it listed a newer segment.
func (l *loop) note(ctx context.Context, o *probe.Observation) (advanced bool) {
	if o.Playlist == nil || o.Playlist.Kind == probe.UnknownKind {
		return false
	}
	l.base = o.Exchange.Address
	before := l.good
	l.good = o
	if o.Playlist.Kind == probe.Media {
		l.listing.Store(o)
	}
	if o.Unchanged || o.Playlist.Kind != probe.Media {
		return false
	}
	if o.Playlist.Parts > 0 || l.delivering {
		l.offerDelivery(ctx, o)
	}
	newest, ok := o.Playlist.Last()
	if !ok {
		return false
	}
	if before != nil {
		l.probeRemoved(ctx, o, before.Playlist)
	}
	advanced = before == nil || newest.MSN+1 > l.next || newest.MSN+64 < l.next
	l.probeSegments(ctx, o, before == nil)
	return advanced
}
