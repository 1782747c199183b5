package monitor_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// permitting is a stream whose edge loses, after a while, what lets pages on
// other sites play it. It permits one site by name.
type permitting struct {
	stream
	until time.Time
	looks int // with an Origin header
}

func (p *permitting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if site := r.Header.Get("Origin"); site != "" {
		p.looks++
		if site == "https://www.example.com" && (r.URL.Host == "origin.test" || time.Now().Before(p.until)) {
			w.Header().Set("Access-Control-Allow-Origin", site)
		}
	}
	p.mu.Unlock()
	p.stream.ServeHTTP(w, r)
}

func TestPermissionOfOtherSitesIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &permitting{until: time.Now().Add(5 * time.Minute)}
		src.stream = stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		got := &sink{last: map[string]probe.Incident{}}
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: handler(src.ServeHTTP),
			Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}}, Sinks: []probe.Sink{got}, Segments: monitor.SegmentsHead,
			Site: "https://www.example.com",
		})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { m.Run(ctx) })
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		src.mu.Lock()
		looks := src.looks
		src.mu.Unlock()
		if looks < 6*5 || looks > 6*6 {
			t.Errorf("%d looks with an Origin header in five minutes, want one a minute for each of four playlists and two segments", looks)
		}
		time.Sleep(80 * time.Second)
		synctest.Wait()
		cancel()
		running.Wait()
		if len(got.last) != 1 {
			t.Fatalf("incidents: %+v, want one", got.last)
		}
		for _, in := range got.last {
			if in.Check != "http.cors" || in.Blame != probe.BlameConfig || in.Side != probe.Edge || in.Severity != probe.Error {
				t.Errorf("incident %+v", in)
			}
			if late := in.Opened.Sub(src.until); late < 0 || late > 65*time.Second {
				t.Errorf("opened %s after the permission went", late)
			}
		}
	})
}
