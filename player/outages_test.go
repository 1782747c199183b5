package player_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/player"
)

// outage is one row of the recovery table.
type outage struct {
	name    string
	length  time.Duration
	always  bool // in the normal run too, on the hls.js page
	ours    bool // through the edge of `distribution: local`, which keeps what it has; else nginx, which passes errors on
	off     bool // the viewer's own network is away
	encoder bool // it is the encoder that fails
	begin   func(b *bench)
	end     func(b *bench)                // nil lifts the fault of the origin
	limit   map[player.Kind]time.Duration // of all stalls together
}

func outages() []outage {
	both := func(d time.Duration) map[player.Kind]time.Duration {
		return map[player.Kind]time.Duration{player.HLSJS: d, player.VideoJS: d}
	}
	return []outage{
		{name: "no fault", begin: func(*bench) {}, limit: both(300 * time.Millisecond)},
		{
			name: "503 for 10 s", length: 10 * time.Second, begin: func(b *bench) { b.set(status(503)) },
			limit: both(8 * time.Second),
		},
		{
			name: "503 for 10 s, the edge goes on with what it has", length: 10 * time.Second, ours: true,
			begin: func(b *bench) { b.set(status(503)) }, limit: both(8 * time.Second),
		},
		{
			name: "404 for 10 s", length: 10 * time.Second, begin: func(b *bench) { b.set(status(404)) },
			limit: both(8 * time.Second),
		},
		{
			name: "playlist frozen for 15 s", length: 15 * time.Second, begin: func(b *bench) { b.set(b.frozen("*.m3u8")) },
			limit: both(13 * time.Second),
		},
		{
			name: "playlist of one variant frozen for 15 s", length: 15 * time.Second,
			always: true, begin: func(b *bench) { b.set(b.frozen("v0.m3u8")) },
			limit: both(time.Second),
		},
		{
			name: "one segment missing", length: 25 * time.Second, begin: func(b *bench) { b.set(b.missing()) },
			limit: map[player.Kind]time.Duration{player.HLSJS: time.Second, player.VideoJS: 8200 * time.Millisecond},
		},
		{
			name: "edge restarts, away for 4 s", length: 4 * time.Second, always: true,
			begin: func(b *bench) { b.nginx.stop() }, end: func(b *bench) { b.nginx.start() },
			limit: both(time.Second),
		},
		{
			name: "503 for 60 s", length: 60 * time.Second, begin: func(b *bench) { b.set(status(503)) },
			limit: both(63 * time.Second),
		},
		{
			name: "requests hang for 12 s", length: 12 * time.Second, begin: func(b *bench) { b.set(hang(b.live)) },
			limit: both(13 * time.Second),
		},
		{
			name: "the encoder crashes and starts again", length: 100 * time.Millisecond, encoder: true,
			begin: func(b *bench) { b.kill() }, end: func(b *bench) { b.start(b.t, b.fmp4) }, limit: both(7 * time.Second),
		},
		{
			name: "EXT-X-ENDLIST, and on after 20 s", length: 20 * time.Second, encoder: true,
			begin: func(b *bench) { b.end() }, end: func(b *bench) { b.start(b.t, b.fmp4) }, limit: both(24 * time.Second),
		},
		{
			name: "the viewer is offline for 25 s", length: 25 * time.Second, off: true, begin: func(*bench) {},
			limit: both(22 * time.Second),
		},
	}
}

// hang lets requests wait until the fault is over.
func hang(l *live) func(http.ResponseWriter, *http.Request) bool {
	return func(_ http.ResponseWriter, r *http.Request) bool {
		for r.Context().Err() == nil {
			l.mu.Lock()
			over := l.fault == nil
			l.mu.Unlock()
			if over {
				return false
			}
			time.Sleep(50 * time.Millisecond)
		}
		return true
	}
}

// offline takes the browser's network away, or gives it back.
func offline(ctx context.Context, t *testing.T, off bool) {
	t.Helper()
	conditions := &network.Conditions{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}
	rule := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{conditions}}
	if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, rule); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.OverrideNetworkState,
		network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}); err != nil {
		t.Fatal(err)
	}
}

// complaint says how a viewer fared worse than the row allows; "" is not.
func (o outage) complaint(kind player.Kind, r result) string {
	switch limit := o.limit[kind].Seconds(); {
	case !r.alive:
		return "the page is dead"
	case r.stalled > limit:
		return fmt.Sprintf("stalled %.1f s, limit %.1f s", r.stalled, limit)
	case r.latency > 12+2: // 6 × target duration, and the time to encode a segment
		return fmt.Sprintf("%.1f s behind at the end", r.latency)
	default:
		return ""
	}
}
