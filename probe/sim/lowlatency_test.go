package sim

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
	"github.com/streamwatch/streamwatch/provision/edge/edgetest"
)

// The broadcast began an hour ago and a half second more: segment 1800 is in
// progress, with one part of half a second.
const lowPart = 500 * time.Millisecond

func (w *world) reload(host string, directives string) edgetest.Got {
	w.T.Helper()
	return w.Get(host + high + playlistName + "?" + directives)
}

func lists(g edgetest.Got, line string) bool { return strings.Contains(g.Body, line) }

func part(msn, index int) string { return fmt.Sprintf("URI=\"seg%d.part%d.ts\"", msn, index) }

func TestLowLatencyPlaylist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Part: lowPart}, edge.Config{})
		time.Sleep(600 * time.Millisecond)
		g := w.Get("origin.test" + high + playlistName)
		for _, line := range []string{
			"#EXT-X-VERSION:9\n", "#EXT-X-PART-INF:PART-TARGET=0.50000\n",
			"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,HOLD-BACK=6.0,PART-HOLD-BACK=1.50000\n",
			"#EXT-X-PART:DURATION=0.50000,URI=\"seg1797.part0.ts\",INDEPENDENT=YES\n",
			"#EXT-X-PART:DURATION=0.50000,URI=\"seg1800.part0.ts\",INDEPENDENT=YES\n" +
				"#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"seg1800.part1.ts\"\n",
			"#EXT-X-RENDITION-REPORT:URI=\"../240p/playlist.m3u8\",LAST-MSN=1800,LAST-PART=0\n",
		} {
			w.must(lists(g, line), "no %q in\n%s", line, g.Body)
		}
		w.must(!lists(g, part(1796, 3)), "a part older than three target durations")
		w.must(!lists(g, part(1800, 1)+",") && len(read(g.Body).uris) == 12, "%s", g.Body)
	})
}

func TestPartsAreTheirSegment(t *testing.T) {
	for _, c := range []Config{
		{Part: lowPart},
		{Part: 330 * time.Millisecond},
		{Part: 200 * time.Millisecond, FMP4: true},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, c, edge.Config{})
			time.Sleep(time.Second)
			g := w.Get("origin.test" + high + playlistName)
			var body strings.Builder
			for _, m := range regexp.MustCompile(`#EXT-X-PART:.*URI="(seg1799\.[^"]*)"`).FindAllStringSubmatch(g.Body, -1) {
				p := w.Get("origin.test" + high + m[1])
				w.must(p.Status == 200 && p.Body != "", "%s: %d, %d bytes", m[1], p.Status, len(p.Body))
				body.WriteString(p.Body)
			}
			s := read(g.Body)
			w.must(body.String() == w.Get("origin.test"+high+s.last()).Body, "%v: the parts are not the segment", c)
		})
	}
}

// RFC 8216bis §6.2.5.2, clause by clause.
func TestBlockingReload(t *testing.T) {
	for _, tt := range []struct {
		name, directives string
		status           int
		took             time.Duration
		lists, misses    string
	}{
		{"the next part", "_HLS_msn=1800&_HLS_part=1", 200, 400 * time.Millisecond, part(1800, 1), part(1800, 2) + ","},
		{"a part that is there", "_HLS_msn=1800&_HLS_part=0", 200, 0, part(1800, 0), part(1800, 1) + ","},
		{"the segment in progress", "_HLS_msn=1800", 200, 1400 * time.Millisecond, "seg1800.ts", part(1801, 0) + ","},
		{
			"an index beyond the last is the first of the next", "_HLS_msn=1800&_HLS_part=4", 200, 1900 * time.Millisecond,
			part(1801, 0), part(1801, 1) + ",",
		},
		{"an old segment", "_HLS_msn=1700", 200, 0, part(1800, 0), part(1800, 1) + ","},
		{"two segments ahead", "_HLS_msn=1801", 200, 3400 * time.Millisecond, "seg1801.ts", "seg1802.ts"},
		{"too far ahead", "_HLS_msn=1802", 400, 0, "", "EXTM3U"},
		{"a part of nothing", "_HLS_part=1", 400, 0, "", "EXTM3U"},
		{"no number", "_HLS_msn=x", 400, 0, "", "EXTM3U"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, host := range []string{"origin.test", "edge.test"} {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, Config{Part: lowPart}, edge.Config{})
					time.Sleep(600 * time.Millisecond)
					g := w.reload(host, tt.directives)
					w.must(g.Status == tt.status && g.Took == tt.took,
						"%s: %d after %v, want %d after %v", host, g.Status, g.Took, tt.status, tt.took)
					w.must(lists(g, tt.lists) && !lists(g, tt.misses), "%s", g.Body)
				})
			}
		})
	}
}

func TestBlockingReloadGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Part: lowPart}, edge.Config{})
		time.Sleep(600 * time.Millisecond)
		w.inject("stall")
		g := w.reload("origin.test", "_HLS_msn=1800&_HLS_part=1")
		w.must(g.Status == http.StatusServiceUnavailable && g.Took == 6*time.Second, "%d after %v", g.Status, g.Took)
	})
}

func TestHintedPartIsSentWhenComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Part: lowPart}, edge.Config{})
		time.Sleep(600 * time.Millisecond)
		g := w.Get("edge.test" + high + "seg1800.part1.ts")
		w.must(g.Status == 200 && g.Took == 400*time.Millisecond, "%d after %v", g.Status, g.Took)
		g = w.Get("origin.test" + high + "seg1800.part3.ts")
		w.must(g.Status == 404 && g.Took == 0, "a part that is not hinted: %d after %v", g.Status, g.Took)
	})
}

func TestDeltaUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Part: lowPart}, edge.Config{})
		time.Sleep(600 * time.Millisecond)
		s := read(w.reload("edge.test", "_HLS_skip=YES").Body)
		full := w.playlist("edge.test", high)
		w.must(lists(w.reload("edge.test", "_HLS_skip=YES"), "#EXT-X-SKIP:SKIPPED-SEGMENTS=6\n"),
			"not six of twelve are skipped")
		w.must(s.sequence == full.sequence && len(s.uris) == 6 && s.uris[0] == full.uris[6],
			"%d segments from %s", len(s.uris), s.uris[0])
	})
}

// Many players that wait for one part are one request to the origin.
func TestEdgeAsksOnceForAPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Part: lowPart}, edge.Config{})
		asked := 0
		w.hosts["origin.test"] = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			asked++
			w.origin.ServeHTTP(rw, r)
		})
		time.Sleep(600 * time.Millisecond)
		done := make(chan string)
		for range 5 {
			go func() { done <- w.reload("edge.test", "_HLS_msn=1800&_HLS_part=1").Body }()
		}
		first := <-done
		for range 4 {
			w.must(<-done == first, "two answers to one key")
		}
		w.must(asked == 1 && strings.Contains(first, part(1800, 1)), "%d requests", asked)
	})
}

// Jitter moves parts with their segments: the last comes with its segment, and
// none before the one before it.
func TestPartsKeepTheirOrderUnderJitter(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tl := newTimeline(start, 2*time.Second, 3*time.Second, 400*time.Millisecond, 1, nil)
	before, moved := start, false
	for n := range int64(200) {
		parts := tl.parts(n, 330*time.Millisecond)
		for i := range parts {
			c := tl.part(n, i, 330*time.Millisecond)
			if !c.published.After(before) {
				t.Fatalf("part %d of %d is published at %v, the one before at %v", i, n, c.published, before)
			}
			before = c.published
		}
		moved = moved || !before.Equal(start.Add(time.Duration(n+1)*2*time.Second))
		if !before.Equal(tl.published(n)) {
			t.Fatalf("segment %d is published at %v, its last part at %v", n, tl.published(n), before)
		}
	}
	if !moved {
		t.Error("no part has jitter")
	}
}

var lowLatencyOnTheWire = map[string]func(w *world, before scan){
	"part-stall": func(w *world, _ scan) {
		g := w.reload("origin.test", "_HLS_msn=1800&_HLS_part=1")
		w.must(g.Took == 1500*time.Millisecond && lists(g, "seg1800.ts") && lists(g, part(1800, 3)), "after %v", g.Took)
	},
	"part-long": func(w *world, _ scan) {
		g := w.reload("origin.test", "_HLS_msn=1800&_HLS_part=1")
		w.must(lists(g, "DURATION=0.75000,"+part(1800, 1)), "%s", g.Body)
	},
	"part-404": func(w *world, _ scan) {
		answers(w, "origin.test"+high+"seg1800.part0.ts", 404, "")
		answers(w, "origin.test"+high+"seg1799.ts", 200, "")
	},
	"hint-404": func(w *world, _ scan) {
		answers(w, "origin.test"+high+"seg1800.part1.ts", 404, "")
		answers(w, "origin.test"+high+"seg1800.part0.ts", 200, "")
	},
	"hint-wrong": func(w *world, _ scan) {
		w.must(lists(w.reload("origin.test", ""), `TYPE=PART,URI="other-seg1800.part1.ts"`), "the hint is right")
	},
	"report-lag": func(w *world, _ scan) {
		w.must(lists(w.reload("origin.test", ""), "LAST-MSN=1798,LAST-PART=0\n"), "the report is fresh")
	},
	"skip-wrong": func(w *world, _ scan) {
		w.must(lists(w.reload("origin.test", "_HLS_skip=YES"), "SKIPPED-SEGMENTS=7\n"), "the count is right")
	},
	"no-block": func(w *world, _ scan) {
		g := w.reload("origin.test", "_HLS_msn=1800&_HLS_part=1")
		w.must(g.Status == 200 && g.Took == 0 && !lists(g, part(1800, 1)+","), "%d after %v", g.Status, g.Took)
	},
	"block-late": func(w *world, _ scan) {
		g := w.reload("origin.test", "_HLS_msn=1800&_HLS_part=1")
		w.must(g.Took == 2*time.Second && lists(g, part(1801, 0)), "after %v", g.Took)
		w.must(w.reload("origin.test", "_HLS_msn=1799").Took == 0, "what is there is late too")
	},
	"block-hang": func(w *world, _ scan) { hangs(w, "origin.test"+high+playlistName+"?_HLS_msn=1800&_HLS_part=1") },
	"edge-no-block": func(w *world, _ scan) {
		g := w.reload("edge.test", "_HLS_msn=1800&_HLS_part=1")
		w.must(g.Status == 200 && g.Took == 0 && !lists(g, part(1800, 1)+","), "%d after %v", g.Status, g.Took)
	},
}
