package monitor_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
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
		Event: "e", Edge: "http://edge.test", Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}}, Sinks: []probe.Sink{&w.sink}, Segments: monitor.SegmentsHead,
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
		t.Logf("in two minutes: %d for the ladder, %d for the playlist, %d for segments, %d of them again: %.2f requests a second",
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

// TestCookies: what the multivariant playlist sets is sent for its children, each
// side has its own, and cookies and headers of the event go to its own host only.
func TestCookies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		var mu sync.Mutex
		sessions, mixed, foreign := 0, 0, 0
		w := watchFor(t, 30*time.Second, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			c, err := r.Cookie("session")
			if err != nil {
				if r.URL.Path != "/m.m3u8" {
					http.Error(w, "no session", http.StatusForbidden)
					return
				}
				sessions++
				http.SetCookie(w, &http.Cookie{Name: "session", Value: r.URL.Host, Path: "/"})
			} else if c.Value != r.URL.Host {
				mixed++
			}
			if own, err := r.Cookie("own"); err != nil || own.Value != "c" || r.Header.Get("X-Stream") != "h" {
				foreign++
			}
			src.ServeHTTP(w, r)
		}, func(o *monitor.Options) {
			o.Origin = "http://origin.test"
			o.Streams[0].Headers, o.Streams[0].Cookies = map[string]string{"X-Stream": "h"}, map[string]string{"own": "c"}
		})
		if sessions != 2 || mixed > 0 || foreign > 0 || len(w.failures()) > 0 {
			t.Errorf("%d sessions, want one a side; %d requests with another's; %d without the event's header and cookie; failures %q", sessions, mixed, foreign, w.failures())
		}
	})
}

// TestPathToken: segments below a token in the path are asked for with it, and
// the token is shown nowhere.
func TestPathToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const token = "/hdntl=exp=1764161800~acl=/*~hmac=0123456789abcdef0123456789abcdef"
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		w := watchFor(t, 30*time.Second, func(w http.ResponseWriter, r *http.Request) {
			rest, ok := strings.CutPrefix(r.URL.Path, token)
			switch {
			case r.URL.Path == "/m.m3u8":
				http.Redirect(w, r, token+"/m.m3u8", http.StatusFound)
			case !ok:
				http.Error(w, "no token", http.StatusForbidden)
			default:
				r.URL.Path = rest
				src.ServeHTTP(w, r)
			}
		}, nil)
		if f := w.failures(); len(f) > 0 || len(w.sink.last) > 0 || w.count("/seg") < 10 || w.snap.Verdict != probe.OK {
			t.Errorf("failures %q, incidents %v, %d segments, verdict %s", f, w.sink.last, w.count("/seg"), w.snap.Verdict)
		}
		for _, o := range w.seen {
			if shown := fmt.Sprint(o.Exchange, o.Exchange.Curl()); strings.Contains(shown, "0123456789abcdef") {
				t.Fatalf("the token is shown: %s", shown)
			}
		}
	})
}

// TestRedirectedAddresses: both addresses are asked for, the redirected one for
// as long as it lives, and its death under viewers is one finding.
func TestRedirectedAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		lives time.Duration
		dies  bool
	}{"that live": {time.Hour, false}, "that die after nine seconds": {9 * time.Second, true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
				begun := time.Now()
				w := watchFor(t, time.Minute, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/m.m3u8" {
						http.Redirect(w, r, fmt.Sprintf("/tok%d/v/p.m3u8", time.Since(begun)/time.Second), http.StatusFound)
						return
					}
					at, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/tok"), "/")
					minted, err := strconv.Atoi(at)
					if err != nil || time.Since(begun)-time.Duration(minted)*time.Second > c.lives {
						http.Error(w, "expired", http.StatusGone)
						return
					}
					r.URL.Path = "/" + rest
					src.ServeHTTP(w, r)
				}, nil)
				first, all := w.count(`/m\.m3u8$`), w.count(`/p\.m3u8$`)
				if first < all/3 || first > all*2/3 {
					t.Errorf("the first address was asked for %d times of %d, want every other time", first, all)
				}
				for _, o := range w.seen {
					if o.Poll() && !o.OK() {
						t.Errorf("a poll failed: %d %s", o.Exchange.Status, o.Exchange.URL)
					}
				}
				found := map[string]int{}
				for _, in := range w.sink.last {
					found[in.Check+" "+string(in.Blame)]++
				}
				if want := map[bool]string{false: "map[]", true: "map[http.moved config:1]"}[c.dies]; fmt.Sprint(found) != want {
					t.Errorf("incidents %v, want %s", found, want)
				}
			})
		})
	}
}

// TestOneSessionIsKept: a server that names its playlists by the session opens a
// new one for each request of the ladder. The loop looks at the new one and keeps
// its own, and goes over when that dies.
func TestOneSessionIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		minted := 0
		ends := time.Now().Add(75 * time.Second) // of the first session
		w := watchFor(t, 2*time.Minute, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/m.m3u8":
				minted++
				w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
				fmt.Fprintf(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360\nv/chunklist_w%d.m3u8\n", minted)
			case strings.HasPrefix(r.URL.Path, "/v/chunklist_w1.") && time.Now().After(ends):
				http.NotFound(w, r)
			default:
				if strings.HasPrefix(r.URL.Path, "/v/chunklist") {
					r.URL.Path = "/v/p.m3u8"
				}
				src.ServeHTTP(w, r)
			}
		}, func(o *monitor.Options) { o.Segments = monitor.SegmentsNone })
		if minted > 8 {
			t.Errorf("%d sessions in two minutes", minted)
		}
		if n, one := w.count(`chunklist_w1\.`), w.count(`chunklist_w2\.`); n < 40 || one > 3 {
			t.Errorf("the first session was asked %d times, the second %d", n, one)
		}
		for _, o := range w.seen {
			if o.Poll() && !o.OK() {
				t.Errorf("a poll failed: %d %s", o.Exchange.Status, o.Exchange.URL)
			}
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
				fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360\nv/p.m3u8\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9,RESOLUTION=640x360,URI=\"i/p.m3u8\"\n")
			case "/i/p.m3u8":
				fmt.Fprintf(w, "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-I-FRAMES-ONLY\n"+
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
			if o.Poll() || o.Target.Rendition != "" || o.IFrames != "iframes-360p" || o.Playlist == nil || !o.Playlist.IFramesOnly || !o.OK() {
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
			if in.Check != "http.size" || in.Blame != probe.BlameUnknown || !strings.Contains(in.Detail, "monitor.limits.playlist (1 MiB)") {
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
				fmt.Fprintf(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n%s/p.m3u8\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"%s\",URI=\"a.m3u8\"\n", echo, echo)
			case strings.HasSuffix(r.URL.Path, "p.m3u8"):
				fmt.Fprintf(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-KEY:METHOD=%s\n#EXTINF:2.0,\n%s.ts\n#EXTINF:9.0,\n%s.ts\n", time.Now().Unix()/2, echo, echo, echo)
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

// TestSessionsOfOneText: a server redirects each fetch of the multivariant playlist
// to a session, whose text is always the same, and closes the one before. What
// the playlist lists is asked for in a session that lives, from the moment on that
// its own has died.
func TestSessionsOfOneText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		var open []string
		w := watchFor(t, 3*time.Minute, func(w http.ResponseWriter, r *http.Request) {
			_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
			session, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
			switch {
			case r.URL.Path == "/m.m3u8":
				open = append(open, fmt.Sprintf("s%d", len(open)+1))
				http.Redirect(w, r, "/"+open[len(open)-1]+"/m.m3u8", http.StatusFound)
			case !slices.Contains(open[max(0, len(open)-1):], session):
				http.NotFound(w, r)
			case path == "m.m3u8":
				w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
				fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360\nv/p.m3u8\n")
			default:
				r.URL.Path = "/" + path
				src.ServeHTTP(w, r)
			}
		}, func(o *monitor.Options) { o.Segments = monitor.SegmentsNone })
		failed := 0
		for _, o := range w.seen {
			if o.Poll() && !o.OK() {
				failed++
			}
		}
		if failed > 0 || len(open) > 9 {
			t.Errorf("%d polls failed, %d sessions in three minutes", failed, len(open))
		}
		for _, in := range w.sink.last {
			if in.Check != "http.moved" {
				t.Errorf("%s %s: %s", in.Check, in.Severity, in.Detail)
			}
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
