package monitor_test

import (
	"net/http"
	"strings"
	"sync/atomic"
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
			Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}},
			Sinks:   []probe.Sink{got}, Segments: monitor.SegmentsHead,
			Site: "https://www.example.com",
		})
		stop := run(t, m)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		src.mu.Lock()
		looks := src.looks
		src.mu.Unlock()
		if looks < 6*5 || looks > 6*6 {
			t.Errorf("%d looks with an Origin header in five minutes, want one a minute for each of "+
				"four playlists and two segments", looks)
		}
		time.Sleep(80 * time.Second)
		synctest.Wait()
		stop()
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

// Where a server permits every page without being asked, polls see at once that
// it does so no more, and again.
func TestPermissionThatPollsSee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		lost, back := time.Now().Add(95*time.Second), time.Now().Add(125*time.Second)
		got := &sink{last: map[string]probe.Incident{}}
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Segments: monitor.SegmentsHead,
			Transport: handler(func(w http.ResponseWriter, r *http.Request) {
				if now := time.Now(); r.URL.Host == "origin.test" || now.Before(lost) || now.After(back) {
					w.Header().Set("Access-Control-Allow-Origin", "*")
				}
				src.ServeHTTP(w, r)
			}),
			Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}}, Sinks: []probe.Sink{got},
		})
		stop := run(t, m)
		time.Sleep(170 * time.Second)
		synctest.Wait()
		stop()
		if len(got.last) != 1 {
			t.Fatalf("incidents: %+v, want one", got.last)
		}
		for _, in := range got.last {
			if in.Check != "http.cors" || in.Blame != probe.BlameConfig || in.Side != probe.Edge {
				t.Errorf("incident %+v", in)
			}
			if late := in.Opened.Sub(lost); late > 10*time.Second || in.Open() || in.Closed.Sub(back) > 40*time.Second {
				t.Errorf("lost at %s, back at %s: opened %s, closed %v", lost, back, in.Opened, in.Closed)
			}
		}
	})
}

// Where everybody is told that every page is permitted, a look each five minutes will
// do: probes of segments see at once when that ends, as polls do.
func TestPermissionThatProbesSee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		lost := time.Now().Add(13*time.Minute + 10*time.Second)
		got := &sink{last: map[string]probe.Incident{}}
		var looks atomic.Int64
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Segments: monitor.SegmentsHead,
			Transport: handler(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Origin") != "" {
					looks.Add(1)
				}
				if r.Header.Get("Origin") != "" && r.URL.Host == "origin.test" && strings.HasSuffix(r.URL.Path, ".ts") {
					time.Sleep(1500 * time.Millisecond) // meanwhile the edge may be asked for its playlist alone
				}
				if strings.HasSuffix(r.URL.Path, ".m3u8") || r.URL.Host == "origin.test" || time.Now().Before(lost) {
					w.Header().Set("Access-Control-Allow-Origin", "*")
				}
				src.ServeHTTP(w, r)
			}),
			Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}}, Sinks: []probe.Sink{got},
		})
		stop := run(t, m)
		time.Sleep(13 * time.Minute)
		synctest.Wait()
		if n := looks.Load(); n < 6*3 || n > 6*4 {
			t.Errorf("%d looks with Origin in thirteen minutes, want three or four each of four playlists and two segments", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if len(got.last) != 1 {
			t.Fatalf("incidents: %+v, want one", got.last)
		}
		for _, in := range got.last {
			if late := in.Opened.Sub(lost); in.Check != "http.cors" || in.Side != probe.Edge || late > 15*time.Second {
				t.Errorf("%v after it was lost: %+v", late, in)
			}
		}
	})
}

// echoing is a stream whose origin answers each Origin in a way of its own.
type echoing struct {
	stream
	answer func(site string) string
	looks  map[string]int // with an Origin header, by host
	lost   time.Time      // when the edge loses the permission
}

func (e *echoing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	if site := r.Header.Get("Origin"); site != "" {
		e.looks[r.URL.Host]++
		if allow := e.answer(site); allow != "" && (r.URL.Host == "origin.test" || time.Now().Before(e.lost)) {
			w.Header().Set("Access-Control-Allow-Origin", allow)
		}
	}
	e.mu.Unlock()
	e.stream.ServeHTTP(w, r)
}

// A look at the edge must not leave a copy there that permits only nowhere, or
// nobody: without a named site it is made only where the origin permits all.
func TestLooksLeaveNoHarmfulCopy(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(site string) string
		asked  bool // the edge
	}{
		"everyone":  {func(string) string { return "*" }, true},
		"who asks":  {func(site string) string { return site }, false},
		"some":      {func(string) string { return "" }, false},
		"one other": {func(string) string { return "https://www.example.com" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := &echoing{answer: c.answer, looks: map[string]int{}, lost: time.Now().Add(3 * time.Minute)}
				src.stream = stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
				got := &sink{last: map[string]probe.Incident{}}
				m := monitor.New(monitor.Options{
					Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: handler(src.ServeHTTP),
					Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}},
					Sinks:   []probe.Sink{got}, Segments: monitor.SegmentsHead,
				})
				stop := run(t, m)
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				stop()
				if src.looks["origin.test"] == 0 || (src.looks["edge.test"] > 0) != c.asked {
					t.Errorf("looks %v, want some at the edge: %v", src.looks, c.asked)
				}
				if found := len(got.last) > 0; found != c.asked {
					t.Errorf("incidents %+v, want one: %v", got.last, c.asked)
				}
			})
		})
	}
}
