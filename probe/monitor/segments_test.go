package monitor_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// A server of segments that knows no HEAD is asked for their first byte.
func TestSegmentsWithoutHead(t *testing.T) {
	for _, status := range []int{
		http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusNotFound, http.StatusForbidden,
		http.StatusInternalServerError,
	} {
		synctest.Test(t, func(t *testing.T) {
			v, refused := newVault(), map[string]int{}
			seen, found := v.watchBy(t, 30*time.Second, monitor.SegmentsHead, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					v.mu.Lock()
					refused[r.URL.Host]++
					v.mu.Unlock()
					w.WriteHeader(status)
					return
				}
				if strings.HasSuffix(r.URL.Path, ".ts") && r.Header.Get("Range") != "bytes=0-0" {
					t.Errorf("asked for %q of %s", r.Header.Get("Range"), r.URL)
				}
				v.ServeHTTP(w, r)
			})
			good := 0
			for _, o := range seen {
				if o.Segment != nil && !o.Segment.Key && o.OK() {
					good++
				}
			}
			if len(found) > 0 || good < 40 {
				t.Errorf("%d good probes; incidents %v", good, found)
			}
			for host, n := range refused {
				if n > 4 { // of two playlists, before the first answer
					t.Errorf("%s refused %d times", host, n)
				}
			}
		})
	}
}

// A server that refuses Range plays well: players do not ask for one.
func TestSegmentsWithoutRange(t *testing.T) {
	for _, status := range []int{
		http.StatusRequestedRangeNotSatisfiable, http.StatusNotImplemented, http.StatusBadRequest, http.StatusForbidden,
	} {
		for _, mode := range []monitor.Segments{monitor.SegmentsRange, monitor.SegmentsHead} {
			synctest.Test(t, func(t *testing.T) {
				v, refused := newVault(), map[string]int{}
				seen, found := v.watchBy(t, 30*time.Second, mode, func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Range") != "" || r.Method == http.MethodHead {
						v.mu.Lock()
						refused[r.URL.Host]++
						v.mu.Unlock()
						w.WriteHeader(status)
						return
					}
					v.ServeHTTP(w, r)
				})
				good := 0
				for _, o := range seen {
					if o.Segment != nil && !o.Segment.Key && o.OK() {
						good++
					}
				}
				if len(found) > 0 || good < 40 {
					t.Errorf("%d, %s: %d good probes; incidents %v", status, mode, good, found)
				}
				for host, n := range refused {
					if n > 10 { // of two playlists, before the first answer; and of pages elsewhere
						t.Errorf("%d, %s: %s refused %d times", status, mode, host, n)
					}
				}
			})
		}
	}
}

// What dies late is found soon: the map within three target durations (10 s at
// least), a key within 30 s, and little on top.
func TestWhatDiesLateIsFound(t *testing.T) {
	for path, c := range map[string]struct {
		check string
		limit time.Duration
	}{"init.mp4": {"map.fetch", 16 * time.Second}, "shared.key": {"key.fetch", 36 * time.Second}} {
		t.Run(c.check, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVault()
				v.mapped = true
				dies := time.Now().Add(62 * time.Second)
				_, found := v.watchBy(t, 2*time.Minute, monitor.SegmentsRange, func(w http.ResponseWriter, r *http.Request) {
					if strings.HasSuffix(r.URL.Path, path) && time.Now().After(dies) {
						http.NotFound(w, r)
						return
					}
					v.ServeHTTP(w, r)
				})
				n := 0
				for _, in := range found {
					if in.Check != c.check {
						continue
					}
					n++
					if late := in.Opened.Sub(dies); late < 0 || late > c.limit {
						t.Errorf("%s %s opened %s after it died, want %s at most", in.Check, in.Rendition, late, c.limit)
					}
				}
				if n == 0 {
					t.Errorf("not found: %v", found)
				}
				if n := v.asked["http://origin.test/a/init.mp4"]; path != "init.mp4" && (n < 11 || n > 15) {
					t.Errorf("a map that is well was asked for %d times in two minutes, want 13", n)
				}
			})
		})
	}
}

// An origin that deletes what it lists, after it gave it to us, is to blame for what
// the edge, which comes later, cannot give.
func TestDeletedAfterItWasGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, given := newVault(), map[string]int{}
		from := time.Now().Add(20 * time.Second)
		_, found := v.watchBy(t, 30*time.Second, monitor.SegmentsRange, func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, ".ts") {
				v.ServeHTTP(w, r)
				return
			}
			edge := r.URL.Host == "edge.test"
			if edge {
				time.Sleep(300 * time.Millisecond) // later than the origin
			}
			v.mu.Lock()
			deleted := time.Now().After(from) && given[r.URL.Path] > 0
			if !edge {
				given[r.URL.Path]++
			}
			v.mu.Unlock()
			if !deleted {
				v.ServeHTTP(w, r)
				return
			}
			if edge {
				w.Header().Set("Age", "1") // kept, as caches do
			}
			http.NotFound(w, r)
		})
		origin := 0
		for _, in := range found {
			if in.Blame == probe.BlameCDN {
				t.Errorf("%s %s blames the CDN: %s", in.Check, in.Severity, in.Because)
			}
			if in.Check == "seg.status" && in.Blame == probe.BlameOrigin {
				origin++
			}
		}
		if origin == 0 {
			t.Errorf("the origin was not found: %v", found)
		}
	})
}
