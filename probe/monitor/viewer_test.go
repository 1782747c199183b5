package monitor_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// watched is what a monitor saw and said within a while, and what it asked for.
type watched struct {
	asked []string // "host/path?query"
	seen  []*probe.Observation
	sink  sink
	snap  *probe.Snapshot
}

// watchFor watches one stream at http://edge.test, without an origin, for a
// while of a bubble's time.
func watchFor(t *testing.T, d time.Duration, answer http.HandlerFunc, change func(*monitor.Options)) *watched {
	t.Helper()
	w := &watched{sink: sink{last: map[string]probe.Incident{}}}
	var mu sync.Mutex
	o := monitor.Options{
		Event: "e", Edge: "http://edge.test", Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}},
		Sinks: []probe.Sink{&w.sink}, Segments: monitor.SegmentsHead,
		Transport: handler(func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			w.asked = append(w.asked, r.URL.Host+r.URL.RequestURI())
			mu.Unlock()
			answer(rw, r)
		}),
		Observe: func(o *probe.Observation) { w.seen = append(w.seen, o) },
	}
	if change != nil {
		change(&o)
	}
	m := monitor.New(o)
	stop := run(t, m)
	time.Sleep(d)
	synctest.Wait()
	w.snap = m.Snapshot()
	stop()
	return w
}

// count returns how many requests a pattern matches.
func (w *watched) count(pattern string) int {
	n, p := 0, regexp.MustCompile(pattern)
	for _, a := range w.asked {
		if p.MatchString(a) {
			n++
		}
	}
	return n
}

func (w *watched) failures() (failed []string) {
	for _, o := range w.seen {
		if !o.OK() {
			failed = append(failed, fmt.Sprintf("%s %d %s", o.Exchange.URL, o.Exchange.Status, o.Exchange.Failure))
		}
	}
	return failed
}

// TestRequestsOfAViewer counts what a steady stream of one rendition is asked
// for: the ladder twice a minute, the playlist once a segment and a little, each
// segment once, and an older one every fifth update.
func TestRequestsOfAViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		w := watchFor(t, 2*time.Minute, src.ServeHTTP, nil)
		segments, again := 0, 0
		seen := map[string]bool{}
		for _, a := range w.asked {
			if strings.Contains(a, "/seg") {
				segments++
				if seen[a] {
					again++
				}
				seen[a] = true
			}
		}
		ladder, polls := w.count(`/m\.m3u8$`), w.count(`/p\.m3u8$`)
		t.Logf("in two minutes: %d for the ladder, %d for the playlist, %d for segments, %d of them again: "+
			"%.2f requests a second",
			ladder, polls, segments, again, float64(len(w.asked))/120)
		if ladder < 4 || ladder > 8 { // each of two looks with an Origin header is one too
			t.Errorf("%d requests for the multivariant playlist, want four and the looks from elsewhere", ladder)
		}
		if polls < 60 || polls > 90 || segments-again < 55 || segments-again > 66 {
			t.Errorf("%d polls and %d segments of 60", polls, segments-again)
		}
		if again < 8 || again > 16 {
			t.Errorf("%d segments were asked for again, want one in five", again)
		}
	})
}

// A child that fails has the ladder asked for at once.
func TestAFailingChildAsksForTheLadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		fails := time.Now().Add(10 * time.Second)
		var at []time.Duration
		watchFor(t, 14*time.Second, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/m.m3u8" {
				at = append(at, time.Since(fails))
			}
			if r.URL.Path == "/v/p.m3u8" && time.Now().After(fails) {
				http.NotFound(w, r)
				return
			}
			src.ServeHTTP(w, r)
		}, func(o *monitor.Options) { o.Segments = monitor.SegmentsNone })
		if last := at[len(at)-1]; last < 0 || last > 3*time.Second {
			t.Errorf("the ladder was asked for at %v of the failure", at)
		}
	})
}

// TestIFramePlaylists are looked at once a minute, and are no polls.
func TestIFramePlaylists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		w := watchFor(t, 150*time.Second, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/m.m3u8":
				w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
				fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360\nv/p.m3u8\n"+
					"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9,RESOLUTION=640x360,URI=\"i/p.m3u8\"\n")
			case "/i/p.m3u8":
				fmt.Fprintf(w, "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n"+
					"#EXT-X-I-FRAMES-ONLY\n"+
					"#EXTINF:2.0,\n#EXT-X-BYTERANGE:100@0\nseg.ts\n", time.Now().Unix()/2)
			default:
				src.ServeHTTP(w, r)
			}
		}, nil)
		looks := 0
		for _, o := range w.seen {
			if o.IFrames == "" {
				continue
			}
			looks++
			if o.Poll() || o.Target.Rendition != "" || o.IFrames != "iframes-360p" || o.Playlist == nil ||
				!o.Playlist.IFramesOnly || !o.OK() {
				t.Errorf("look %+v", o)
			}
		}
		if looks != 3 || w.count("/i/p") != 3 || len(w.sink.last) > 0 {
			t.Errorf("%d looks, %d requests in 150 s, want three; incidents %v", looks, w.count("/i/p"), w.sink.last)
		}
	})
}

// TestLimitOfPlaylists: a playlist beyond monitor.limits.playlist is an incident
// that names the limit and its number, and blames nobody.
func TestLimitOfPlaylists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		w := watchFor(t, 20*time.Second, func(w http.ResponseWriter, r *http.Request) {
			src.ServeHTTP(w, r)
			if r.URL.Path == "/v/p.m3u8" {
				fmt.Fprint(w, strings.Repeat("# padding\n", 200_000))
			}
		}, func(o *monitor.Options) { o.Limits.Playlist = 1 << 20 })
		if len(w.sink.last) != 1 {
			t.Fatalf("incidents %v, want one", w.sink.last)
		}
		for _, in := range w.sink.last {
			if in.Check != "http.size" || in.Blame != probe.BlameUnknown ||
				!strings.Contains(in.Detail, "monitor.limits.playlist (1 MiB)") {
				t.Errorf("incident %+v", in)
			}
		}
	})
}

// TestNothingSecretIsTold: an origin that echoes what it was sent, in names,
// bodies and headers, does not make incidents or snapshots tell it.
func TestNothingSecretIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const marker = "M4RK3R-header-value"
		secrets := new(fetch.Secrets)
		w := watchFor(t, 40*time.Second, func(w http.ResponseWriter, r *http.Request) {
			echo := r.Header.Get("X-Verify")
			w.Header().Set("Content-Type", echo)
			w.Header().Set("X-Cache", echo)
			w.Header().Set("X-Amz-Cf-Pop", echo)
			w.Header().Set("Access-Control-Allow-Origin", echo)
			switch {
			case r.URL.Path == "/m.m3u8":
				fmt.Fprintf(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n%s/p.m3u8\n"+
					"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"%s\",URI=\"a.m3u8\"\n", echo, echo)
			case strings.HasSuffix(r.URL.Path, "p.m3u8"):
				fmt.Fprintf(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-KEY:METHOD=%s\n"+
					"#EXTINF:2.0,\n%s.ts\n#EXTINF:9.0,\n%s.ts\n", time.Now().Unix()/2, echo, echo, echo)
			default:
				fmt.Fprintf(w, "<html><title>%s</title>", echo)
			}
		}, func(o *monitor.Options) {
			o.Segments = monitor.SegmentsRange
			o.EdgeHeaders, o.Secrets = map[string]string{"X-Verify": marker}, secrets
		})
		told := fmt.Sprintf("%+v %+v", w.sink.last, w.snap)
		for _, s := range w.snap.Streams {
			told += fmt.Sprintf("%+v", s)
			for _, r := range s.Renditions {
				told += fmt.Sprintf("%+v %+v", r, r.Edge)
			}
		}
		if len(w.sink.last) == 0 || strings.Contains(strings.ToLower(told), "m4rk3r") {
			t.Errorf("told: %s", told)
		}
	})
}

// TestVariantThatListsVariants is a fault of that variant; the ladder stays what it was.
func TestVariantThatListsVariants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		w := watchFor(t, 20*time.Second, func(w http.ResponseWriter, r *http.Request) {
			const head = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360\n"
			switch r.URL.Path {
			case "/m.m3u8":
				fmt.Fprint(w, head+"v/p.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720\nw.m3u8\n")
			case "/w.m3u8":
				fmt.Fprint(w, head+"x.m3u8\n")
			default:
				src.ServeHTTP(w, r)
			}
		}, nil)
		if n := w.count("/x"); n > 0 {
			t.Errorf("what it lists was asked for %d times", n)
		}
		found := false
		for _, in := range w.sink.last {
			found = found || in.Check == "mv.child" && in.Severity == probe.Error && in.Rendition == "720p"
		}
		if !found || w.count("/v/p") < 5 {
			t.Errorf("%d polls of the good variant, incidents %v", w.count("/v/p"), w.sink.last)
		}
	})
}
