package sim

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

// like is an edge over a live origin that behaves as a preset.
func like(t *testing.T, name string, c Config) *world {
	t.Helper()
	p, ok := FindPreset(name)
	if !ok {
		t.Fatalf("no preset %s", name)
	}
	return newWorld(t, c, p.Config)
}

// What each cache says on a miss and on a hit, and whether it states an Age.
func TestPresetMarks(t *testing.T) {
	tests := map[string]struct {
		header, miss, hit string // substrings of the header
		age               bool
	}{
		"cloudfront":       {"X-Cache", "Miss from cloudfront", "Hit from cloudfront", true},
		"nginx":            {"X-Cache-Status", "MISS", "HIT", false},
		"nginx-background": {"X-Cache-Status", "MISS", "HIT", false},
		"varnish":          {"X-Varnish", "1", " ", true}, // two ids are a hit
		"haproxy":          {"X-Cache-Status", "MISS", "HIT", true},
		"squid":            {"X-Cache", "MISS from squid-1.example.net", "HIT from squid-1.example.net", true},
		"ats":              {"Via", "[cMsSfW]", "[cHs f ]", true},
		"cloudflare":       {"Cf-Cache-Status", "MISS", "HIT", true},
	}
	for _, p := range Presets() {
		t.Run(p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt := tests[p.Name]
				w := like(t, p.Name, Config{TargetDuration: 10 * time.Second})
				miss := w.Get("edge.test" + high + playlistName)
				time.Sleep(2 * time.Second)
				hit := w.Get("edge.test" + high + playlistName)
				a, b := miss.Header.Get(tt.header), hit.Header.Get(tt.header)
				if tt.header == "" || !strings.Contains(a, tt.miss) || !strings.Contains(b, tt.hit) || a == b ||
					miss.Body != hit.Body {
					t.Errorf("%s on a miss %q, on a hit %q", tt.header, a, b)
				}
				if got := hit.Age() == 2; got != tt.age || miss.Age() != none {
					t.Errorf("age %d on a miss, %d on a hit", miss.Age(), hit.Age())
				}
				if cf := hit.Header.Get("X-Amz-Cf-Id"); (cf != "") != (p.Name == "cloudfront") || p.Doc == "" {
					t.Errorf("X-Amz-Cf-Id %q, doc %q", cf, p.Doc)
				}
			})
		})
	}
}

// A cache waits for an origin that hangs: no answer comes within any deadline of
// a viewer, and what comes after its own patience is what it has for errors.
func TestPresetsWaitForAHungOrigin(t *testing.T) {
	for name, after := range map[string]struct {
		patience time.Duration
		status   int // of what then comes
	}{
		"nginx": {63 * time.Second, 504}, "haproxy": {53 * time.Second, 504},
		"squid": {15*time.Minute + 3*time.Second, 200}, "ats": {33 * time.Second, 200},
		"cloudfront": {time.Minute, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := like(t, name, Config{})
				before := w.playlist("edge.test", high)
				w.inject("origin-hang")
				time.Sleep(3 * time.Second)
				w.Limit = time.Hour
				g := w.Get("edge.test" + high + playlistName)
				if g.Status != after.status || g.Took != after.patience ||
					after.status == 200 && read(g.Body).last() != before.last() {
					t.Errorf("%d after %v: %v", g.Status, g.Took, g.Err)
				}
			})
		})
	}
}

// With grace, each poll gets the copy before, and the one after it the present.
func TestGraceServesTheCopyBefore(t *testing.T) {
	for name, words := range map[string][]string{"varnish": nil, "nginx-background": {"STALE", "HIT"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := like(t, name, Config{})
				time.Sleep(100 * time.Millisecond)
				before := w.playlist("edge.test", high)
				for range 4 {
					time.Sleep(2 * time.Second)
					g := w.Get("edge.test" + high + playlistName)
					if read(g.Body).last() != before.last() || w.playlist("origin.test", high).sequence != before.sequence+1 {
						t.Errorf("%s: the poll got %s, the copy before is %s", name, read(g.Body).last(), before.last())
					}
					if words != nil && g.Header.Get("X-Cache-Status") != words[0] {
						t.Errorf("it is marked %q", g.Header.Get("X-Cache-Status"))
					}
					time.Sleep(time.Millisecond)
					again := w.Get("edge.test" + high + playlistName)
					if read(again.Body).sequence != before.sequence+1 {
						t.Error("the copy is not the present one after the poll")
					}
					if words != nil && again.Header.Get("X-Cache-Status") != words[1] {
						t.Errorf("then it is marked %q", again.Header.Get("X-Cache-Status"))
					}
					before = read(again.Body)
				}
			})
		})
	}
}

// Grace ends: then a viewer waits for the origin, and gets its error.
func TestGraceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := like(t, "varnish", Config{})
		w.playlist("edge.test", high)
		w.inject("origin-500-stale")
		time.Sleep(10 * time.Second)
		w.playlist("edge.test", high)
		w.playlist("edge.test", high) // a failure behind the viewer's back leaves the copy
		time.Sleep(2 * time.Second)
		answers(w, "edge.test"+high+playlistName, 500, "")
		w.origin.Faults().Clear("", "", "")
		time.Sleep(time.Second)
		w.playlist("edge.test", high)
	})
}

// While the origin hangs, those who ask within grace are served and only one
// request waits.
func TestGraceOverAHungOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := like(t, "nginx-background", Config{})
		before := w.playlist("edge.test", high)
		w.inject("origin-hang")
		var marks []string
		for range 5 {
			time.Sleep(2 * time.Second)
			g := w.Get("edge.test" + high + playlistName)
			if g.Status != 200 || read(g.Body).last() != before.last() {
				t.Errorf("%d %v", g.Status, g.Err)
			}
			marks = append(marks, g.Header.Get("X-Cache-Status"))
		}
		if want := []string{"STALE", "UPDATING", "UPDATING", "UPDATING", "UPDATING"}; !slices.Equal(marks, want) {
			t.Errorf("marks %v, want %v", marks, want)
		}
		time.Sleep(2 * time.Minute)
	})
}

// An edge that knows an init segment keeps it for its max-age, though the
// encoder came back with other parameters.
func TestInitSegmentIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := like(t, "haproxy", Config{FMP4: true, SegmentCache: "max-age=600"})
		before := w.Get("edge.test" + high + "init.mp4")
		w.inject("init-changed")
		time.Sleep(9 * time.Minute)
		edge, origin := w.Get("edge.test"+high+"init.mp4"), w.Get("origin.test"+high+"init.mp4")
		if edge.Body != before.Body || origin.Body == before.Body || edge.Age() != 540 {
			t.Errorf("kept %v with age %d, changed at the origin %v",
				edge.Body == before.Body, edge.Age(), origin.Body != before.Body)
		}
		time.Sleep(time.Minute)
		if w.Get("edge.test"+high+"init.mp4").Body != origin.Body {
			t.Error("it is kept for longer than its max-age")
		}
	})
}

// A 404 is kept by itself: for an hour by ATS, whatever becomes of the segment.
func TestNegativeCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := like(t, "ats", Config{})
		next := high + segmentName(int64(w.playlist("origin.test", high).sequence+6), 0, suffixTS)
		answers(w, "edge.test"+next, 404, "")
		time.Sleep(10 * time.Second)
		g := w.Get("edge.test" + next)
		if g.Status != 404 || g.Age() != 10 || w.Get("origin.test"+next).Status != 200 {
			t.Errorf("the edge %d with age %d", g.Status, g.Age())
		}
		time.Sleep(59 * time.Minute)
		answers(w, "edge.test"+next, 404, "")
	})
}

// A minimum TTL overrides what the origin says.
func TestMinimumTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{PlaylistCache: "no-store"}, edge.Config{
			ManifestTTL: edge.TTL{Min: 8 * time.Second, Default: 8 * time.Second, Max: 8 * time.Second},
		})
		before := w.playlist("edge.test", high)
		time.Sleep(7 * time.Second)
		if w.playlist("edge.test", high).last() != before.last() ||
			w.playlist("origin.test", high).sequence != before.sequence+3 {
			t.Error("the edge does not keep it for the minimum")
		}
		time.Sleep(time.Second)
		if w.playlist("edge.test", high).sequence != before.sequence+4 {
			t.Error("it keeps it for longer")
		}
	})
}

// Without collapsing, a request that hangs keeps nobody else: when the origin
// is back, the next viewer is answered.
func TestNoCollapsing(t *testing.T) {
	for name, want := range map[string]bool{
		"nginx": true, "haproxy": true, "squid": true, "ats": true, "cloudfront": false,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := like(t, name, Config{})
				w.inject("origin-hang@0s+5s")
				w.Limit = 2 * time.Second
				w.Get("edge.test" + high + playlistName)
				time.Sleep(5 * time.Second)
				if g := w.Get("edge.test" + high + playlistName); (g.Err == nil) != want {
					t.Errorf("after the origin came back: %d %v", g.Status, g.Err)
				}
				time.Sleep(20 * time.Minute)
			})
		})
	}
}
