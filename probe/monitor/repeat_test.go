package monitor_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// repeats are the requests of a monitor for the segments of two renditions on two
// sides, and when each came.
type repeats struct {
	mu    sync.Mutex
	all   int
	times map[string][]time.Time // by address
}

// watchRepeats watches a simulated stream through an edge. uncached says whether the
// edge forwards all requests for segments now.
func watchRepeats(t *testing.T, d time.Duration, uncached *atomic.Bool) (*repeats, map[string]probe.Incident) {
	t.Helper()
	base := &url.URL{Scheme: "http", Host: "origin.test"}
	origin := sim.NewOrigin(sim.Config{Streams: []string{"main"}, TargetDuration: 2 * time.Second, Jitter: 0.05})
	cdn := edge.New(edge.Config{Origin: base, Transport: sim.Transport(origin)})
	r := &repeats{times: map[string][]time.Time{}}
	serve := func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		r.all++
		u := q.URL.Host + q.URL.Path
		r.times[u] = append(r.times[u], time.Now())
		r.mu.Unlock()
		switch {
		case q.URL.Host != "edge.test":
			origin.ServeHTTP(w, q)
		case uncached.Load() && strings.HasSuffix(q.URL.Path, ".ts"):
			rec := httptest.NewRecorder()
			cdn.ServeHTTP(rec, q)
			maps.Copy(w.Header(), rec.Header())
			w.Header().Del("Age")
			w.Header().Set("X-Cache", "Miss from cloudfront")
			w.WriteHeader(rec.Code)
			_, _ = w.Write(rec.Body.Bytes())
		default:
			cdn.ServeHTTP(w, q)
		}
	}
	got := &sink{last: map[string]probe.Incident{}}
	stop := run(t, monitor.New(monitor.Options{
		Event: "e", Origin: base.String(), Edge: "http://edge.test", Transport: handler(serve), Sinks: []probe.Sink{got},
		Streams: []monitor.Stream{{Name: "main", Manifest: "/main/playlist.m3u8"}}, Segments: monitor.SegmentsRange,
	}))
	time.Sleep(d)
	stop()
	return r, got.last
}

// TestRenditionsShareTheirLooksAgain: a stream of two renditions on two sides costs
// at most four and a half requests a second with segments of two seconds, and still
// has an older segment looked at at every fifth update of the origin, and at every
// tenth of an edge that keeps them.
func TestRenditionsShareTheirLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const span = 20 * time.Minute
		r, found := watchRepeats(t, span, new(atomic.Bool))
		again := map[string]int{}
		ages := map[time.Duration]int{}
		for u, times := range r.times {
			host, path, _ := strings.Cut(u, "/")
			if !strings.HasSuffix(path, ".ts") {
				continue
			}
			for _, at := range times[1:] {
				again[host]++
				ages[at.Sub(times[0]).Round(2*time.Second)]++
			}
		}
		perSecond := float64(r.all) / span.Seconds()
		t.Logf("%.2f requests a second, looks again %v, by age of the segment %v", perSecond, again, ages)
		if perSecond > 4.5 || len(found) > 0 {
			t.Errorf("%.2f requests a second, want at most 4.5; incidents %v", perSecond, found)
		}
		if origin, edge := again["origin.test"], again["edge.test"]; origin < 110 || edge < 60 {
			t.Errorf("origin and edge were asked again %d and %d times in 600 updates, want every fifth and tenth", origin, edge)
		}
		for age := 2 * time.Second; age <= 10*time.Second; age += 2 * time.Second {
			if ages[age] < 15 {
				t.Errorf("segments %v old were looked at %d times", age, ages[age])
			}
		}
	})
}

// TestAnEdgeThatKeepsSegmentsNoLonger is looked at more closely from the first miss on.
func TestAnEdgeThatKeepsSegmentsNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		uncached := new(atomic.Bool)
		begun := time.Now()
		time.AfterFunc(10*time.Minute, func() { uncached.Store(true) })
		_, found := watchRepeats(t, 12*time.Minute, uncached)
		for _, in := range found {
			after := in.Opened.Sub(begun) - 10*time.Minute
			t.Logf("%s %s: %s, opened after %v", in.Check, in.Severity, in.Detail, after)
			if in.Check == "edge.hit" && after < 80*time.Second {
				return
			}
		}
		t.Errorf("incidents %v, want edge.hit within 80 s", found)
	})
}
