package monitor_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// vault serves two renditions under keys of several kinds, and segments that
// stay after they left the playlist until `trim`.
type vault struct {
	start, trim time.Time
	key         string // URI
	mu          sync.Mutex
	asked       map[string]int // by URL
	secret      map[string]bool
	mapped      bool // an EXT-X-MAP stands before the segments
	early       int  // requests for removed segments sooner than a window after their removal
}

const vaultKey = "0123456789abcdef"

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	v.mu.Lock()
	v.asked[r.URL.Scheme+"://"+r.URL.Host+r.URL.Path]++
	v.secret[r.URL.Host] = v.secret[r.URL.Host] || r.Header.Get("X-Secret") != ""
	v.mu.Unlock()
	last := int(now.Sub(v.start) / (2 * time.Second))
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch {
	case r.URL.Path == "/m.m3u8":
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS=\"avc1.42c01e\"\na/p.m3u8\n"+
			"#EXT-X-STREAM-INF:BANDWIDTH=2000000,CODECS=\"avc1.42c01e\"\nb/p.m3u8\n")
	case name == "p.m3u8":
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		w.Header().Set("Cache-Control", "max-age=1")
		fmt.Fprintf(w, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n", last-6)
		perSegment := strings.Contains(v.key, "SEGMENT")
		if !perSegment {
			fmt.Fprintf(w, "#EXT-X-KEY:METHOD=AES-128,URI=%q\n", strings.ReplaceAll(v.key, "NOW", fmt.Sprint(last)))
		}
		fmt.Fprint(w, "#EXT-X-KEY:METHOD=AES-128,KEYFORMAT=\"elsewhere\",URI=\"http://drm.test/license\","+
			"KEYFORMATVERSIONS=\"1\"\n")
		fmt.Fprint(w, "#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT=\"com.apple.streamingkeydelivery\","+
			"URI=\"skd://license.test/1\"\n")
		if v.mapped {
			fmt.Fprint(w, "#EXT-X-MAP:URI=\"init.mp4\"\n")
		}
		for i := last - 6; i < last; i++ {
			if perSegment {
				fmt.Fprintf(w, "#EXT-X-KEY:METHOD=AES-128,URI=%q\n", strings.ReplaceAll(v.key, "SEGMENT", fmt.Sprint(i)))
			}
			fmt.Fprintf(w, "#EXTINF:2.000,\nseg%d.ts\n", i)
		}
	case strings.HasPrefix(name, "seg"):
		var n int
		_, _ = fmt.Sscanf(name, "seg%d.ts", &n)
		if n < last-7 { // it left the playlist at least two polls ago
			v.mu.Lock()
			if n > last-11 {
				v.early++
			}
			v.mu.Unlock()
			if now.After(v.trim) {
				http.NotFound(w, r)
				return
			}
		}
		_, _ = w.Write(make([]byte, 188))
	case name == "init.mp4":
		_, _ = w.Write(make([]byte, 600))
	case strings.HasSuffix(name, ".key"):
		_, _ = fmt.Fprint(w, vaultKey)
	default:
		http.NotFound(w, r)
	}
}

// watch has a monitor look at a vault, and returns what it saw and found.
func (v *vault) watch(t *testing.T, d time.Duration) (seen []*probe.Observation, found map[string]probe.Incident) {
	return v.watchBy(t, d, "", v.ServeHTTP)
}

func (v *vault) watchBy(
	t *testing.T, d time.Duration, segments monitor.Segments, served http.HandlerFunc,
) (seen []*probe.Observation, found map[string]probe.Incident) {
	got := &sink{last: map[string]probe.Incident{}}
	m := monitor.New(monitor.Options{
		Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: handler(served),
		Segments: segments, Headers: map[string]string{"X-Secret": "sesame"},
		Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}}, Sinks: []probe.Sink{got},
		Observe: func(o *probe.Observation) { seen = append(seen, o) },
	})
	stop := run(t, m)
	time.Sleep(d)
	stop()
	return seen, got.last
}

func newVault() *vault {
	return &vault{
		key: "/shared.key", start: time.Now().Add(-time.Minute), trim: time.Now().Add(time.Hour), asked: map[string]int{},
		secret: map[string]bool{},
	}
}

// Renditions share the key, so it is asked for once in 30 s and side; one
// on a server of its own once for both sides, without the origin's secret.
// License servers are left alone, and no byte of a key is kept.
func TestKeysAreAskedForSeldom(t *testing.T) {
	for uri, sides := range map[string][]string{
		"/shared.key":                         {"http://origin.test/shared.key", "http://edge.test/shared.key"},
		"http://keys.test/k.key?token=s3cr3t": {"http://keys.test/k.key"},
	} {
		t.Run(uri, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVault()
				v.key = uri
				seen, found := v.watch(t, 5*time.Minute)
				for _, u := range sides {
					if n := v.asked[u]; n < 9 || n > 10 {
						t.Errorf("%s was asked for %d times in five minutes, want once in 30 s or the update after", u, n)
					}
				}
				if v.asked["http://drm.test/license"] > 0 {
					t.Error("a license server was asked")
				}
				if !v.secret["origin.test"] || v.secret["keys.test"] || v.secret["edge.test"] {
					t.Errorf("the origin's secret went to %v", v.secret)
				}
				keys := 0
				for _, o := range seen {
					if o.Segment == nil || !o.Segment.Key {
						continue
					}
					keys++
					if text := fmt.Sprintf("%+v %+v", o.Exchange, o.Segment); strings.Contains(text, vaultKey) ||
						strings.Contains(text, "s3cr3t") {
						t.Fatalf("an observation holds a secret: %s", text)
					}
					if o.Exchange.Bytes != 16 || o.Segment.Hash != 0 || o.Segment.Known != (keys > len(sides)) {
						t.Errorf("a key: %+v", o.Segment)
					}
				}
				if keys < 9*len(sides) || keys > 10*len(sides) || len(found) > 0 {
					t.Errorf("%d looks at keys; incidents %v", keys, found)
				}
			})
		})
	}
}

// A token that is another one at each update makes no other key.
func TestKeysUnderTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVault()
		v.key = "/shared.key?token=NOW"
		v.watch(t, time.Minute)
		for _, u := range []string{"http://origin.test/shared.key", "http://edge.test/shared.key"} {
			if n := v.asked[u]; n < 4 || n > 7 {
				t.Errorf("%s was asked for %d times in a minute, want one in 10 s", u, n)
			}
		}
	})
}

// A server that gave keys and refuses the next one is at fault, however the next
// one is named; one that never gave any expects what only players have.
func TestKeyServerBeginsToRefuse(t *testing.T) {
	for _, uri := range []string{
		"/keys/SEGMENT.key", "/SEGMENT/k.key", "/shared.key?token=NOW", "http://keys.test/SEGMENT.key",
	} {
		for name, after := range map[string]time.Duration{"later": time.Minute, "always": 0} {
			t.Run(uri+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					v := newVault()
					v.key = uri
					began := time.Now().Add(after)
					_, found := v.watchBy(t, 2*time.Minute, "", func(w http.ResponseWriter, r *http.Request) {
						if strings.HasSuffix(r.URL.Path, ".key") && !time.Now().Before(began) {
							http.Error(w, "denied", http.StatusForbidden)
							return
						}
						v.ServeHTTP(w, r)
					})
					told := slices.Sorted(maps.Keys(found))
					if after == 0 && len(told) > 0 {
						t.Errorf("found %v, want nothing", found)
					}
					if after == 0 {
						return
					}
					if len(told) != 1 {
						t.Fatalf("found %v, want one incident", found)
					}
					in := found[told[0]]
					if in.Check != "key.fetch" || in.Severity != probe.Critical || in.Blame != probe.BlameOrigin {
						t.Errorf("incident %+v", in)
					}
					if late := in.Began.Sub(began); late > 12*time.Second {
						t.Errorf("first seen %s after the server began to refuse", late)
					}
				})
			})
		}
	}
}

// One removed segment a minute is asked for, at the origin, and when it must
// still be there for little longer. A packager that deletes early is let be,
// one that begins to is not.
func TestRemovedSegments(t *testing.T) {
	for name, c := range map[string]struct {
		trim time.Duration
		want int
	}{"always": {-time.Hour, 0}, "never": {time.Hour, 0}, "later": {4 * time.Minute, 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVault()
				v.trim = time.Now().Add(c.trim)
				seen, found := v.watch(t, 8*time.Minute)
				looks := 0
				for _, o := range seen {
					if o.Segment != nil && o.Segment.Removed {
						looks++
						if o.Target.Side != probe.Origin {
							t.Errorf("asked for at the %s", o.Target.Side)
						}
					}
				}
				if looks < 10 || looks > 16 { // two renditions
					t.Errorf("%d looks in eight minutes", looks)
				}
				if v.early > 0 {
					t.Errorf("%d of them sooner than a window after the removal", v.early)
				}
				for _, in := range found {
					if in.Check != "avail.removed" || in.Blame != probe.BlameOrigin || in.Severity != probe.Warning {
						t.Errorf("incident %+v", in)
					}
				}
				if len(found) != c.want {
					t.Errorf("%d incidents, want %d", len(found), c.want)
				}
			})
		})
	}
}
