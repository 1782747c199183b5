package monitor

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

const (
	iframesEvery = time.Minute     // between two looks at the I-frame playlists of a ladder
	iframesAgain = 5 * time.Second // between two looks at one that fails
	iframesTries = 4
	iframesMost  = 16 // that are looked at
)

// iframeLooks is what a loop knows of its looks at I-frame playlists.
type iframeLooks struct {
	due   time.Time
	under atomic.Bool      // one is under way
	known []playlist.Entry // what was looked at before, by the names that were given
}

// lookAtIFrames asks for the I-frame playlists of a multivariant playlist, one
// after the other. Players ask for them only while a viewer seeks, so a minute
// between two looks is enough, and their segments are those of the variants. One
// that fails is soon looked at again.
func (l *loop) lookAtIFrames(ctx context.Context, o *probe.Observation) {
	if o.Playlist == nil || len(o.Playlist.IFrames) == 0 || time.Now().Before(l.iframes.due) {
		return
	}
	if underWay := l.iframes.under.Swap(true); underWay {
		return
	}
	l.iframes.due = time.Now().Add(iframesEvery)
	entries := playlist.IFrames(o.Playlist, o.Exchange.Address)
	entries = entries[:min(len(entries), iframesMost)]
	playlist.KeepNames(entries, l.iframes.known)
	l.iframes.known = slices.Clone(entries)
	l.s.group.Go(func() {
		defer l.iframes.under.Store(false)
		for range iframesTries {
			entries = slices.DeleteFunc(entries, func(e playlist.Entry) bool { return l.lookAt(ctx, o.Target, &e) })
			if len(entries) == 0 {
				return
			}
			if !probe.Pause(ctx, iframesAgain) {
				return
			}
		}
	})
}

// lookAt looks at one I-frame playlist, and reports whether it is one.
func (l *loop) lookAt(ctx context.Context, t probe.Target, e *playlist.Entry) bool {
	asking, cancel := context.WithTimeout(ctx, earlyDeadline)
	defer cancel()
	address := l.s.m.urlAt(l.s.m.places[l.s.m.at(t.Place())], e.URL)
	body, ex := l.as.Do(asking, fetch.Request{URL: address, AcceptGzip: true})
	look := &probe.Observation{Target: t, Exchange: ex, IFrames: l.s.m.opts.Secrets.Mask(e.Name)}
	if ex.OK() {
		look.Playlist, look.Hash = l.decode(&ex, body), playlist.Hash(body)
	}
	l.s.take(ctx, look)
	return look.OK() && look.Playlist != nil && look.Playlist.Kind == probe.Media
}
