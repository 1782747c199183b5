package monitor

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

const (
	iframesEvery = time.Minute // between two looks at the I-frame playlists of a ladder
	iframesMost  = 16          // that are looked at
)

// iframeLooks is what a loop knows of its looks at I-frame playlists.
type iframeLooks struct {
	due   time.Time
	under atomic.Bool // one is under way
}

// lookAtIFrames asks for the I-frame playlists of a multivariant playlist, one
// after the other. Players ask for them only while a viewer seeks, so a minute
// between two looks is enough, and their segments are those of the variants.
func (l *loop) lookAtIFrames(ctx context.Context, o *probe.Observation) {
	if o.Playlist == nil || len(o.Playlist.IFrames) == 0 || time.Now().Before(l.iframes.due) || l.iframes.under.Swap(true) {
		return
	}
	l.iframes.due = time.Now().Add(iframesEvery)
	entries := playlist.IFrames(o.Playlist, o.Exchange.Address)
	l.s.group.Go(func() {
		defer l.iframes.under.Store(false)
		for _, e := range entries[:min(len(entries), iframesMost)] {
			t := o.Target
			t.Rendition, t.URL = l.s.m.opts.Secrets.Mask(e.Name), l.s.m.moved(l.s.m.places[l.s.m.at(t.Place())], e.URL)
			asking, cancel := context.WithTimeout(ctx, earlyDeadline)
			body, ex := l.as.Do(asking, fetch.Request{URL: t.URL, AcceptGzip: true})
			cancel()
			look := &probe.Observation{Target: t, Exchange: ex, IFrames: true}
			if ex.OK() {
				look.Playlist, look.Hash = l.decode(&ex, body), playlist.Hash(body)
			}
			select {
			case l.s.seen <- look:
			case <-ctx.Done():
				return
			}
		}
	})
}
