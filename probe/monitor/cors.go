package monitor

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

const (
	elsewhere = "https://streamwatch.invalid" // a page that no origin's list of friends can hold
	corsEvery = time.Minute                   // between two looks at one playlist
	corsTries = 3                             // looks at once, one after each poll, while nothing is permitted
)

// corsLooks is what a loop knows of its looks with an Origin header.
type corsLooks struct {
	due    time.Time
	under  atomic.Bool  // one is under way
	denied atomic.Int32 // answers in a row that permitted nothing
}

// lookFromElsewhere asks for the playlist once more, as a page on another site
// would, when that is due. Polls send no Origin. Where it is part of the CDN's
// cache key, they would see a copy of their own that no viewer gets, by turns
// an older and a newer one if only some sent it. Where it is not, as by
// CloudFront's default, this look gets the very copy that browsers get, and the
// polls, like the requests of players outside of browsers, show whether a copy
// that was stored without Origin still permits them.
func (l *loop) lookFromElsewhere(ctx context.Context, o *probe.Observation, deadline time.Duration) {
	denied := l.cors.denied.Load()
	again := denied > 0 && denied < corsTries
	if !o.OK() || o.Playlist == nil || l.pace.failures > 0 || !again && time.Now().Before(l.cors.due) || l.cors.under.Swap(true) {
		return
	}
	l.cors.due = time.Now().Add(corsEvery)
	u := o.Target.URL
	l.s.group.Go(func() {
		defer l.cors.under.Store(false)
		asking, cancel := context.WithTimeout(ctx, deadline)
		defer cancel()
		_, ex := l.client.Do(asking, fetch.Request{URL: u, AcceptGzip: true, Origin: elsewhere})
		if !ex.OK() || ctx.Err() != nil {
			return // the polls tell
		}
		if ex.AllowOrigin == "" {
			l.cors.denied.Add(1)
		} else {
			l.cors.denied.Store(0)
		}
		select {
		case l.s.seen <- &probe.Observation{Target: *l.target.Load(), Exchange: ex, CORS: true}:
		case <-ctx.Done():
		}
	})
}
