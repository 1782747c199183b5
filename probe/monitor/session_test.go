package monitor_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

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
			t.Errorf("%d sessions, want one a side; %d requests with another's; %d without the "+
				"event's header and cookie; failures %q", sessions, mixed, foreign, w.failures())
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
