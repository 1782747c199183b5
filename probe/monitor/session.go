package monitor

import (
	"bytes"
	"context"
	"sync/atomic"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// Viewers come by an address in two ways that can end under them. One is a
// redirect: hls.js goes on asking for the address that it was redirected to,
// AVPlayer for the first one. The other is a multivariant playlist that lists
// other addresses each time it is asked for, as servers do that open a session
// for each viewer: players keep what they were given. A loop does both: it keeps
// one session for as long as that lives, and says so when it dies.

// session is the addresses of a loop's target that viewers may hold.
type session struct {
	moved  probe.Address                // where the first address was redirected to; zero is nowhere
	since  time.Time                    // when
	again  bool                         // the next poll asks for moved
	listed atomic.Pointer[probe.Target] // what the multivariant playlist lists now and the loop has not looked at
	other  string                       // URL that it lists now, where that is not the one that is kept
	taken  time.Time                    // when the URL that is kept was taken
	lost   *probe.Moved                 // the address that died last
	died   time.Time                    // when it did
}

// dead returns the address that died under viewers, for as long as others like
// it have not lived longer.
func (s *session) dead(now time.Time) *probe.Moved {
	if s.lost != nil && now.Sub(s.died) > 2*s.lost.Lived+ladderEvery {
		s.lost = nil
	}
	return s.lost
}

// lose notes that an address died which viewers hold.
func (s *session) lose(ex *probe.Exchange, since time.Time) {
	s.lost, s.died = &probe.Moved{Last: *ex, Lived: ex.Done.Sub(since)}, ex.Done
}

// ask makes the request of a poll: by turns for the target's address and for the
// one that it was redirected to. When the latter fails, the first is asked at
// once, since viewers who start now get that.
func (l *loop) ask(ctx context.Context, deadline time.Duration, into []byte) ([]byte, probe.Exchange) {
	s := &l.session
	if s.again = !s.again && !s.moved.IsZero(); s.again {
		body, ex := l.get(ctx, s.moved.Reveal(), deadline, into)
		if good(&ex, body) || ctx.Err() != nil || l.s.m.strain.strained() {
			return body, ex
		}
		moved, since := ex, s.since
		s.moved, s.again = probe.Address{}, false
		body, ex = l.get(ctx, l.target.Load().URL, deadline, into)
		if good(&ex, body) {
			s.lose(&moved, since)
			s.follow(&ex)
		}
		return body, ex
	}
	body, ex := l.get(ctx, l.target.Load().URL, deadline, into)
	if s.other != "" && !good(&ex, body) && ctx.Err() == nil {
		body, ex = l.goOver(ctx, deadline, into, ex)
	}
	if good(&ex, body) {
		s.follow(&ex)
	}
	return body, ex
}

// follow notes where a good answer of the first address came from. An address
// that it was redirected to is kept for as long as that lives.
func (s *session) follow(ex *probe.Exchange) {
	switch {
	case ex.Redirects == 0:
		s.moved = probe.Address{}
	case s.moved.IsZero():
		s.moved, s.since = ex.Address, ex.Done
	}
}

// get makes one request of a poll.
func (l *loop) get(ctx context.Context, u string, deadline time.Duration, into []byte) ([]byte, probe.Exchange) {
	req := fetch.Request{URL: u, AcceptGzip: true, Into: into, Timeout: deadline}
	if l.target.Load().Side == probe.Origin {
		l.conditions(&req)
	}
	return l.as.Do(ctx, req)
}

// good reports whether an answer is a playlist, or says that the one before
// still stands.
func good(ex *probe.Exchange, body []byte) bool {
	return ex.OK() && (ex.Status == 304 || bytes.Contains(body[:min(len(body), 64)], []byte("#EXTM3U")))
}

// offer tells the loop what the multivariant playlist lists for its target now.
func (l *loop) offer(t probe.Target) { l.session.listed.Store(&t) }

// adopt takes over what the multivariant playlist lists now. Another address is
// looked at once: viewers who start now get it. Where it gives the same
// playlist as the one that the loop has, the loop keeps its own, as viewers do.
func (l *loop) adopt(ctx context.Context, deadline time.Duration) {
	s := &l.session
	listed := s.listed.Swap(nil)
	if listed == nil {
		return
	}
	t, have := *listed, *l.target.Load()
	s.other = ""
	if t.URL != have.URL && l.lives(ctx, t.URL, deadline) {
		s.other, t.URL = t.URL, have.URL
	}
	if t.URL != have.URL {
		s.moved, s.again, s.taken = probe.Address{}, false, time.Now()
	}
	l.target.Store(&t)
}

// near is by how many segments two sessions of one stream may differ.
const near = 3

// lives reports whether the loop's own address is well and another one gives
// the same stream.
func (l *loop) lives(ctx context.Context, u string, deadline time.Duration) bool {
	if l.good == nil || l.pace.failures > 0 || l.pace.overdue(time.Now()) || l.good.Playlist.Kind != probe.Media {
		return false
	}
	asking, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	body, ex := l.as.Do(asking, fetch.Request{URL: u, AcceptGzip: true})
	if !ex.OK() {
		return false
	}
	mine, ok := l.good.Playlist.Last()
	theirs, ok2 := l.decode(&ex, body).Last()
	return ok && ok2 && theirs.MSN+near >= mine.MSN && theirs.MSN <= mine.MSN+near
}

// goOver asks for the address that is listed now, once the one that the loop
// has kept failed.
func (l *loop) goOver(
	ctx context.Context, deadline time.Duration, into []byte, failed probe.Exchange,
) ([]byte, probe.Exchange) {
	s := &l.session
	t := *l.target.Load()
	since := s.taken
	t.URL, s.other = s.other, ""
	l.target.Store(&t)
	s.taken = time.Now()
	next, answer := l.get(ctx, t.URL, deadline, into)
	if !good(&answer, next) {
		return next, answer
	}
	if !since.IsZero() {
		s.lose(&failed, since)
	}
	return next, answer
}

// askLadder has the multivariant playlist asked for at once when what it lists
// fails or stands still, and now and then while it does: it may list something
// else by now.
func (l *loop) askLadder() {
	if !l.pace.overdue(l.pace.polled) && l.pace.failures == 0 {
		l.pace.asked = time.Time{}
		return
	}
	entry := l.entry()
	if entry != nil && entry != l && l.pace.polled.Sub(l.pace.asked) >= ladderAgain {
		l.pace.asked = l.pace.polled
		entry.nudge()
	}
}
