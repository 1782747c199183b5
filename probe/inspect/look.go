package inspect

import (
	"cmp"
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// look is one playlist at one moment.
type look struct {
	obs      probe.Observation
	disputed []string // what a second reader of the playlist reads otherwise
}

// read takes the text of the playlist over.
func (l *look) read(body []byte, in playlist.Inputs) {
	l.obs.Playlist, l.obs.Hash = playlist.Decode(body, in), playlist.Hash(body)
	l.disputed = playlist.SecondOpinion(body, in)
}

// lookAt reads a manifest and everything that it lists. What is cut off is
// read a second time: a connection may be lost once. What cannot be reached is
// asked for again too: a server that is reloaded refuses for a moment.
func lookAt(ctx context.Context, client *monitor.Viewer, stream string) []look {
	read := func(t probe.Target, imports map[string]string) look {
		asking, cancel := context.WithTimeout(ctx, lookDeadline)
		defer cancel()
		request := fetch.Request{URL: t.URL, AcceptGzip: true}
		body, ex := client.Do(asking, request)
		for tries := 0; again(&ex, tries); tries++ {
			probe.Pause(asking, lookAgain)
			body, ex = client.Do(asking, request)
		}
		l := look{obs: probe.Observation{Target: t, Exchange: ex}}
		if ex.OK() {
			l.read(body, playlist.Inputs{Address: ex.Address, Imports: imports, Quote: client.Quoting(&ex)})
		}
		return l
	}
	at := client.Place()
	return ladder(probe.Target{Stream: stream, Side: at.Side, Edge: at.Edge, URL: client.Manifest().Reveal()}, read)
}

// again reports whether a request that failed is made again after so many more tries.
func again(ex *probe.Exchange, tries int) bool {
	switch ex.Failure {
	case probe.FailTruncated:
		return tries < 1
	case probe.FailRefused, probe.FailReset:
		return tries < 2
	default:
		return false
	}
}

// ladder looks at a playlist and, when it is a multivariant one, at its ladder.
func ladder(first probe.Target, read func(probe.Target, map[string]string) look) []look {
	looks := []look{read(first, nil)}
	p := looks[0].obs.Playlist
	if p == nil || p.Kind != probe.Multivariant {
		return looks
	}
	entries := playlist.Ladder(p, looks[0].obs.Exchange.Address)
	looks = append(looks, make([]look, len(entries))...)
	var reading errgroup.Group
	reading.SetLimit(looksAtOnce)
	for i, entry := range entries {
		reading.Go(func() error {
			t := first
			t.Rendition, t.URL, t.Role = entry.Name, entry.URL, entry.Role()
			looks[i+1] = read(t, p.Variables)
			return nil
		})
	}
	_ = reading.Wait() // a look that fails is an observation too
	return looks
}

// changing reports whether one of the playlists is live, and the longest target
// duration of those that are.
func changing(looks []look) (td time.Duration, live bool) {
	for _, l := range looks {
		if p := l.obs.Playlist; p != nil && p.Live() {
			live = true
			td = max(td, cmp.Or(p.MeasuredTarget(), 6*time.Second))
		}
	}
	return max(td, time.Second), live
}

// ended reports whether there are media playlists and none of them will change.
func ended(looks []look) bool {
	seen := false
	for _, l := range looks {
		if p := l.obs.Playlist; p != nil && p.Kind == probe.Media {
			seen = true
		}
	}
	_, live := changing(looks)
	return seen && !live
}
