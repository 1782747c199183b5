package monitor_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// log counts the requests of each side by what they ask for.
type log struct {
	mu    sync.Mutex
	asked map[string]int
	busy  map[string]int // requests for the media playlist under way, by host
	most  int
}

// in front of a handler. answer may take a request with delivery directives.
func (l *log) before(next http.Handler, answer http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		directives := strings.HasPrefix(r.URL.RawQuery, "_HLS_")
		if strings.HasSuffix(r.URL.Path, "/360p/playlist.m3u8") {
			defer l.begin(r.Host)()
		}
		l.count(r.Host, r)
		if directives && answer != nil {
			answer(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (l *log) begin(host string) func() {
	l.add(host, 1)
	return func() { l.add(host, -1) }
}

func (l *log) add(host string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy[host] += n
	l.most = max(l.most, l.busy[host])
}

func (l *log) count(host string, r *http.Request) {
	what := "other"
	q := r.URL.Query()
	switch {
	case q.Has("_HLS_skip"):
		what = "delta"
	case q.Has("_HLS_part") && !q.Has("_HLS_msn"):
		what = "alone"
	case q.Has("_HLS_part"):
		what = "block"
	case q.Has("_HLS_msn"):
		what = "far"
	case r.URL.RawQuery != "":
		what = "query"
	case strings.Contains(r.URL.Path, ".part"):
		if what = "part"; r.Method == http.MethodHead {
			what = "head"
		}
	case strings.HasSuffix(r.URL.Path, ".m3u8"):
		what = "playlist"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked[host+" "+what]++
}

// watch runs a monitor on a stream of one rendition for a while and returns how
// long it took to end.
func (l *log) watch(t *testing.T, part time.Duration, answer http.HandlerFunc, d time.Duration) time.Duration {
	return l.watchWith(t, part, answer, d, monitor.SegmentsRange)
}

func (l *log) watchWith(
	t *testing.T, part time.Duration, answer http.HandlerFunc, d time.Duration, segments monitor.Segments,
) time.Duration {
	origin := sim.NewOrigin(sim.Config{Part: part, Renditions: []sim.Rendition{{Name: "360p"}}})
	hosts := sim.Hosts{"origin.test": l.before(origin, answer), "edge.test": l.before(origin, answer)}
	m := monitor.New(monitor.Options{
		Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: hosts,
		Streams: []monitor.Stream{{Name: "main", Manifest: "/main/playlist.m3u8"}}, Segments: segments,
	})
	stop := run(t, m)
	time.Sleep(d)
	ended := time.Now()
	stop()
	took := time.Since(ended)
	time.Sleep(time.Minute) // handlers whose client has gone
	synctest.Wait()
	return took
}

func newLog() *log { return &log{asked: map[string]int{}, busy: map[string]int{}} }

func TestLowLatencyIsProbedBesideThePolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		l.watch(t, 500*time.Millisecond, nil, time.Minute)
		for what, want := range map[string][2]int{ // from, to
			"origin.test block": {40, 70}, "origin.test delta": {9, 12}, "origin.test part": {18, 26},
			"origin.test far": {1, 1}, "origin.test alone": {1, 1},
			"edge.test block": {40, 70}, "edge.test delta": {9, 12}, "edge.test part": {18, 26},
			"edge.test far": {0, 0}, "edge.test alone": {0, 0},
			"origin.test query": {0, 0}, "origin.test playlist": {35, 50}, // two or three of them of the multivariant playlist
		} {
			if n := l.asked[what]; n < want[0] || n > want[1] {
				t.Errorf("%d requests %q in a minute, want %d to %d", n, what, want[0], want[1])
			}
		}
		if l.most > 2 {
			t.Errorf("%d requests for one playlist at a time", l.most)
		}
	})
}

// What the event says of segments holds for parts.
func TestPartsAreProbedAsSegmentsAre(t *testing.T) {
	for segments, want := range map[monitor.Segments]string{
		monitor.SegmentsNone: "", monitor.SegmentsHead: "origin.test head", monitor.SegmentsFull: "origin.test part",
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newLog()
			l.watchWith(t, 500*time.Millisecond, nil, 20*time.Second, segments)
			for _, what := range []string{"origin.test head", "origin.test part"} {
				if n := l.asked[what]; (n > 0) != (what == want) {
					t.Errorf("segments %s: %d requests %q", segments, n, what)
				}
			}
		})
	}
}

// While parts come only with their segments a reload takes a segment's time.
// The other probes have their turn all the same.
func TestStalledPartsDoNotHoldTheProber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		l.watch(t, 500*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Until(time.Now().Truncate(2 * time.Second).Add(2 * time.Second)))
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		}, 2*time.Minute)
		if n := l.asked["origin.test part"]; n < 15 {
			t.Errorf("%d parts were asked for in two minutes", n)
		}
	})
}

func TestWithoutPartsNothingMoreIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		l.watch(t, 0, nil, time.Minute)
		for what, n := range l.asked {
			if !strings.HasSuffix(what, " playlist") && !strings.HasSuffix(what, " other") {
				t.Errorf("%d requests %q", n, what)
			}
		}
	})
}

// Whatever a server makes of delivery directives, the monitor asks at its pace,
// polls go on, and it ends when it is told to.
func TestHostileDelivery(t *testing.T) {
	const head = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n" +
		"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n#EXT-X-PART-INF:PART-TARGET=0.5\n"
	var n atomic.Uint64
	for name, answer := range map[string]http.HandlerFunc{
		"hangs":           func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"closes":          func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"answers 500":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"answers nothing": func(http.ResponseWriter, *http.Request) {},
		"answers HTML":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"lists far parts": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, head+"#EXTINF:2,\na\n#EXT-X-PART:DURATION=0.5,URI=\"x\"\n", uint64(1)<<63+n.Add(1))
		},
		"lists other parts": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, head+"#EXTINF:2,\na\n#EXT-X-PART:DURATION=0.5,URI=\"x\"\n", 7)
		},
		"changes its target": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, strings.Replace(head, "0.5", "0.0001", 1)+"#EXTINF:2,\na\n#EXT-X-PART:DURATION=0.5,URI=\"x\"\n", 1800)
		},
		"is as slow as it can be": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "#\n")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(100 * time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLog()
				if took := l.watch(t, 500*time.Millisecond, answer, time.Minute); took > time.Second {
					t.Errorf("it ended %s after it was told to", took)
				}
				if polls := l.asked["origin.test playlist"]; polls < 55 {
					t.Errorf("%d polls in a minute", polls)
				}
				if asked := l.asked["origin.test block"] + l.asked["origin.test delta"] + l.asked["origin.test part"]; asked > 150 {
					t.Errorf("%d probes in a minute", asked)
				}
				if l.most > 3 { // a poll, a reload, and a look whether its part is out
					t.Errorf("%d requests for one playlist at a time", l.most)
				}
			})
		})
	}
}
