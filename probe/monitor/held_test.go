package monitor_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// Blocking reloads of more streams than there may be connections: all of them are held at
// once, and the polls beside them go on. It takes a real server, since connections are
// what is counted.
func TestBlockingReloadsTakeNoConnectionFromPolls(t *testing.T) {
	const streams = 100
	var names []string
	var watched []monitor.Stream
	for i := range streams {
		name := fmt.Sprintf("s%03d", i)
		names = append(names, name)
		watched = append(watched, monitor.Stream{Name: name, Manifest: "/" + name + "/playlist.m3u8"})
	}
	origin := sim.NewOrigin(sim.Config{
		Streams: names, Renditions: []sim.Rendition{{Name: "360p"}}, SegmentDuration: 6 * time.Second, Part: 2 * time.Second,
	})
	var mu sync.Mutex
	held, polled := 0, map[string]int{}
	all, seen := make(chan struct{}), make(chan struct{})
	reached := sync.OnceFunc(func() { close(all) })
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.RawQuery, "_HLS_"):
			mu.Lock()
			if held++; held == streams {
				reached()
			}
			mu.Unlock()
			select {
			case <-seen:
			case <-r.Context().Done():
			}
			mu.Lock()
			held--
			mu.Unlock()
		case strings.HasSuffix(r.URL.Path, "/360p/playlist.m3u8"):
			mu.Lock()
			polled[r.URL.Path]++
			mu.Unlock()
		}
		origin.ServeHTTP(w, r)
	}))
	defer srv.Close()
	m := monitor.New(monitor.Options{
		Event: "e", Origin: srv.URL, Streams: watched, Segments: monitor.SegmentsNone,
	})
	stop := run(t, m)
	defer stop()
	select {
	case <-all:
	case <-time.After(20 * time.Second):
		mu.Lock()
		t.Errorf("%d reloads of %d streams are held at once", held, streams)
		mu.Unlock()
	}
	mu.Lock()
	clear(polled)
	mu.Unlock()
	until(t, "every stream is polled while its reload is held", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(polled) == streams
	})
	close(seen)
	until(t, "the verdict is ok", func() bool { return m.Snapshot().Verdict == probe.OK })
}

// until waits for something that becomes true.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}
