package sim

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// onTheWire says, for each fault, what a client sees. The fault begins half a
// second after a publication; before is the playlist of that moment.
var onTheWire = map[string]func(w *world, before scan){
	"stall": func(w *world, before scan) {
		time.Sleep(10 * time.Second)
		for _, r := range []string{high, low} {
			w.must(w.playlist("origin.test", r).last() == before.last(), "%s went on", r)
		}
		w.origin.Faults().Clear("stall", "", "")
		time.Sleep(2 * time.Second)
		s := w.playlist("origin.test", high)
		w.must(s.sequence > before.sequence+2 && s.sequence < before.sequence+6,
			"the backlog of 6 drained to %d in 2 s", s.sequence-before.sequence)
		time.Sleep(4 * time.Second)
		s = w.playlist("origin.test", high)
		w.must(s.sequence == before.sequence+8, "after 16 s the playlist advanced by %d", s.sequence-before.sequence)
	},
	"stall-one": func(w *world, before scan) {
		time.Sleep(10 * time.Second)
		w.must(w.playlist("origin.test", low).last() == before.last(), "the last rendition went on")
		w.must(w.playlist("origin.test", high).sequence == before.sequence+5, "the other rendition did not")
	},
	"lag":     lagging(3),
	"lag-6s":  lagging(3),
	"lag-12s": lagging(6),
	"early-listing": func(w *world, before scan) {
		s := w.playlist("origin.test", high)
		w.must(s.sequence == before.sequence+1, "nothing is listed early")
		w.must(w.Get("origin.test"+high+s.last()).Status == 404, "what is listed early can be fetched")
		w.must(w.Get("origin.test"+high+s.uris[4]).Status == 200, "what is listed in time cannot")
		time.Sleep(2 * time.Second)
		w.must(w.Get("origin.test"+high+s.last()).Status == 200, "it never comes")
	},
	"endlist": func(w *world, before scan) {
		time.Sleep(4 * time.Second)
		s := w.playlist("origin.test", high)
		w.must(s.end && s.last() == before.last(), "end %v at %s", s.end, s.last())
	},
	"over-td": func(w *world, before scan) {
		time.Sleep(20 * time.Second)
		s := w.playlist("origin.test", high)
		w.must(s.target == 2 && s.durations[5] == 3, "target %d, durations %v", s.target, s.durations)
		for i := 1; i < 6; i++ {
			w.must(s.times[i].Sub(s.times[i-1]) == time.Duration(s.durations[i-1])*time.Second,
				"time does not agree with duration at %d", i)
		}
		w.must(len(w.Get("origin.test"+high+s.last()).Body) > 5*len(w.Get("origin.test"+high+before.last()).Body)/4,
			"the segment itself is not longer")
		w.origin.Faults().Clear("", "", "")
		time.Sleep(20 * time.Second)
		s = w.playlist("origin.test", high)
		w.must(slices.Max(s.durations) == 2, "durations after it ended: %v", s.durations)
	},
	"seq-back-2": func(w *world, before scan) { shifted(w, before, -2) },
	"seq-back-5": func(w *world, before scan) { shifted(w, before, -5) },
	"seq-reset":  func(w *world, before scan) { shifted(w, before, -before.sequence) },
	"seq-jump":   func(w *world, before scan) { shifted(w, before, 20) },
	"dseq-plus": func(w *world, _ scan) {
		s := w.playlist("origin.test", high)
		w.must(s.discSequence == 1 && s.discs == 0, "discontinuity sequence %d, %d tags", s.discSequence, s.discs)
	},
	"dseq-uncounted": func(w *world, before scan) {
		w.must(w.playlist("origin.test", high).discs == 0, "a known segment became a discontinuity")
		time.Sleep(12 * time.Second)
		w.must(w.playlist("origin.test", high).discs == 2,
			"%d discontinuities in the window, want 2", w.playlist("origin.test", high).discs)
		time.Sleep(12 * time.Second)
		w.must(w.playlist("origin.test", high).discSequence == before.discSequence, "they were counted")
	},
	"uri-changed": func(w *world, before scan) {
		s := w.playlist("origin.test", high)
		w.must(s.sequence == before.sequence && s.last() != before.last() && s.uris[0] != before.uris[0],
			"the URIs are %v", s.uris)
		w.must(w.Get("origin.test"+high+s.last()).Status == 200, "they cannot be fetched")
		time.Sleep(2 * time.Second)
		w.must(w.playlist("origin.test", high).uris[0] == before.uris[1], "the packagers do not alternate")
	},
	"empty": func(w *world, _ scan) {
		s := w.playlist("origin.test", high)
		w.must(len(s.uris) == 0 && s.target == 2 && s.whole, "%d segments", len(s.uris))
	},
	"retract-2": func(w *world, before scan) {
		s := w.playlist("origin.test", high)
		w.must(s.sequence == before.sequence && len(s.uris) == 4, "%d segments from %d", len(s.uris), s.sequence)
	},
	"td-changed": func(w *world, before scan) {
		w.must(w.playlist("origin.test", high).target == before.target+1, "the target duration is the same")
	},
	"hdr-changed": func(w *world, before scan) {
		s := w.playlist("origin.test", high)
		w.must(s.version != before.version && before.independent && !s.independent, "version %s", s.version)
	},
	"pdt-jump": func(w *world, before scan) {
		w.must(w.playlist("origin.test", high).times[5].Equal(before.times[5]), "the time of a known segment moved")
		time.Sleep(2 * time.Second)
		s := w.playlist("origin.test", high)
		w.must(s.times[5].Sub(s.times[4]) == 62*time.Second && s.discs == 0, "the step is %v", s.times[5].Sub(s.times[4]))
	},
	"gap": func(w *world, _ scan) {
		time.Sleep(4 * time.Second)
		s := w.playlist("origin.test", high)
		w.must(s.gaps == 2 && w.Get("origin.test"+high+s.last()).Status == 404, "%d gaps", s.gaps)
		w.origin.Faults().Clear("", "", "")
		time.Sleep(2 * time.Second)
		s = w.playlist("origin.test", high)
		w.must(s.gaps == 2 && w.Get("origin.test"+high+s.last()).Status == 200, "after it ended: %d gaps", s.gaps)
	},
	"variant-gone": func(w *world, _ scan) {
		g := w.Get("origin.test/main/playlist.m3u8")
		w.must(strings.Contains(g.Body, "360p/") && !strings.Contains(g.Body, "240p/"), "%s", g.Body)
	},
	"seg-404":     missingSegments(high),
	"seg-404-one": missingSegments(low),
	"bytes-changed": func(w *world, before scan) {
		u := "origin.test" + high + before.last()
		a := w.Get(u, "Range: bytes=0-16383")
		time.Sleep(2 * time.Second)
		b := w.Get(u, "Range: bytes=0-16383")
		w.must(a.Status == 206 && b.Status == 206 && a.Body != b.Body, "the bytes are the same")
	},
	"slow-segments": func(w *world, before scan) {
		g := w.Get("origin.test" + high + before.last())
		w.must(g.Status == 200 && g.Took >= 2900*time.Millisecond && g.Took <= 3100*time.Millisecond, "it took %v", g.Took)
		g = w.Get("origin.test"+high+before.last(), "Range: bytes=0-999")
		w.must(len(g.Body) == 1000 && g.Took >= 2900*time.Millisecond && g.Took <= 3100*time.Millisecond,
			"a range took %v", g.Took)
	},
	"cut-segment": func(w *world, _ scan) {
		time.Sleep(2 * time.Second)
		s := w.playlist("origin.test", high)
		g := w.Get("origin.test" + high + s.last())
		w.must(g.Err == nil && len(g.Body)%188 != 0 && len(g.Body)*2 < len(w.Get("origin.test"+high+s.uris[4]).Body),
			"%d bytes, %v", len(g.Body), g.Err)
	},
	"pts-jump": func(w *world, before scan) {
		time.Sleep(2 * time.Second)
		was, is := w.Get("origin.test"+high+before.last()), w.Get("origin.test"+high+w.playlist("origin.test", high).last())
		w.must(firstPTS(is.Body)-firstPTS(was.Body) == 42*90000, "the step is %d ticks", firstPTS(is.Body)-firstPTS(was.Body))
	},
	"key-404": func(w *world, before scan) {
		answers(w, "origin.test"+high+"key0.key", 200, streamKey)
		w.must(len(w.Get("origin.test"+high+before.last()).Body)%188 != 0, "the segments are in the clear")
		time.Sleep(2 * time.Second)
		w.must(strings.Contains(w.Get("origin.test"+high+playlistName).Body, `URI="key1.key"`), "the key was not changed")
		answers(w, "origin.test"+high+"key1.key", 404, "")
	},
	"key-short": func(w *world, _ scan) {
		w.must(len(w.Get("origin.test"+high+"key0.key").Body) == 16, "the key is not as it should be")
		g := w.Get("origin.test" + high + "key1.key")
		w.must(g.Status == 200 && len(g.Body) == 10, "the new key: %d, %d bytes", g.Status, len(g.Body))
	},
	"playlist-503": func(w *world, _ scan) { answers(w, "origin.test"+high+playlistName, 503, "") },
	"playlist-503-one": func(w *world, _ scan) {
		answers(w, "origin.test"+low+playlistName, 503, "")
		w.playlist("origin.test", high)
	},
	"multivariant-503": func(w *world, _ scan) {
		answers(w, "origin.test/main/playlist.m3u8", 503, "")
		w.playlist("origin.test", high)
	},
	"html-200": func(w *world, _ scan) { answers(w, "origin.test"+high+playlistName, 200, "<!DOCTYPE html>") },
	"hang":     func(w *world, _ scan) { hangs(w, "origin.test"+high+playlistName) },
	"half-playlist": func(w *world, _ scan) {
		s := w.playlist("origin.test", high)
		w.must(!s.whole && len(s.uris) < 6, "the playlist is whole")
	},
	"origin-down": func(w *world, before scan) {
		for _, u := range []string{high + playlistName, "/main/playlist.m3u8", high + before.last()} {
			g := w.Get("origin.test" + u)
			w.must(errors.Is(g.Err, io.EOF), "%s: %d %v", u, g.Status, g.Err)
		}
		time.Sleep(3 * time.Second)
		g := w.Get("edge.test" + high + playlistName)
		w.must(g.Status == 200 && g.Cache() == "RefreshHit" && read(g.Body).last() == before.last(),
			"the edge: %d %s", g.Status, g.Cache())
	},
	"origin-500-stale": func(w *world, before scan) {
		answers(w, "origin.test"+high+playlistName, 500, "")
		time.Sleep(10 * time.Second)
		g := w.Get("edge.test" + high + playlistName)
		w.must(g.Status == 200 && read(g.Body).last() == before.last(), "the edge: %d", g.Status)
	},
	"stale-edge": func(w *world, before scan) {
		time.Sleep(20 * time.Second)
		g := w.Get("edge.test" + high + playlistName)
		w.must(g.Status == 200 && g.Cache() == "Hit" && g.Age() >= 20 && read(g.Body).last() == before.last(),
			"%d %s age %d", g.Status, g.Cache(), g.Age())
		w.must(w.playlist("origin.test", high).sequence == before.sequence+10, "the origin stopped too")
		w.origin.Faults().Clear("", "", "")
		w.must(w.playlist("edge.test", high).sequence == before.sequence+10, "it does not end")
	},
	"long-ttl": func(w *world, _ scan) {
		time.Sleep(2 * time.Second)
		s := w.playlist("edge.test", high)
		time.Sleep(29 * time.Second)
		g := w.Get("edge.test" + high + playlistName)
		w.must(g.Cache() == "Hit" && g.Age() == 29 && read(g.Body).last() == s.last(), "%s age %d", g.Cache(), g.Age())
		time.Sleep(time.Second)
		w.must(w.playlist("edge.test", high).sequence == s.sequence+15, "it never expires")
	},
	"edge-404-segment": func(w *world, before scan) {
		time.Sleep(2 * time.Second)
		u := high + w.playlist("edge.test", high).last()
		answers(w, "edge.test"+u, 404, "")
		time.Sleep(3 * time.Second)
		g := w.Get("edge.test" + u)
		w.must(g.Status == 404 && g.Cache() == "Error" && g.Age() == 3, "%d %s age %d", g.Status, g.Cache(), g.Age())
		w.must(w.Get("origin.test"+u).Status == 200, "the origin lacks it too")
		w.must(w.Get("edge.test"+high+before.last()).Status == 200, "what was cached is gone")
	},
	"edge-old-node": func(w *world, _ scan) {
		sequences := []int{}
		for range 12 {
			time.Sleep(time.Second)
			sequences = append(sequences, w.playlist("edge.test", high).sequence)
		}
		backwards := 0
		for i := 1; i < len(sequences); i++ {
			if sequences[i] < sequences[i-1] {
				backwards++
			}
		}
		w.must(backwards >= 4 && slices.Max(sequences[8:])-slices.Min(sequences[8:]) >= 3,
			"media sequence numbers: %v", sequences)
	},
	"edge-503": func(w *world, before scan) {
		g := w.Get("edge.test" + high + playlistName)
		w.must(g.Status == 503 && g.Cache() == "Error", "%d %s", g.Status, g.Cache())
		answers(w, "edge.test"+high+before.last(), 503, "")
		w.playlist("origin.test", high)
	},
	"edge-html": func(w *world, _ scan) { answers(w, "edge.test"+high+playlistName, 200, "<!DOCTYPE html>") },
	"edge-hang": func(w *world, _ scan) { hangs(w, "edge.test"+high+playlistName) },
	"edge-slow": func(w *world, before scan) {
		for _, u := range []string{playlistName, before.last()} {
			g := w.Get("edge.test" + high + u)
			w.must(g.Status == 200 && g.Took >= 2900*time.Millisecond && g.Took <= 3100*time.Millisecond,
				"%s took %v", u, g.Took)
		}
	},
	"edge-truncated": func(w *world, before scan) {
		g := w.Get("edge.test" + high + before.last())
		w.must(errors.Is(g.Err, io.ErrUnexpectedEOF) && len(g.Body) > 1000, "%d bytes, %v", len(g.Body), g.Err)
	},
	"edge-bytes": func(w *world, before scan) {
		a, b := w.Get("origin.test"+high+before.last()), w.Get("edge.test"+high+before.last())
		w.must(a.Body != b.Body && len(a.Body) == len(b.Body) && a.Body[:8192] != b.Body[:8192], "the bytes are the same")
	},
	"edge-rewrite": func(w *world, _ scan) {
		a, b := w.Get("origin.test"+high+playlistName), w.Get("edge.test"+high+playlistName)
		w.must(strings.Contains(b.Body, "#EXT-X-START") && read(b.Body).last() == "./"+read(a.Body).last(), "%s", b.Body)
		w.must(w.Get("edge.test"+high+read(b.Body).last()).Status == 200, "the segments cannot be fetched")
	},
}

func TestFaultDocs(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Faults() {
		if f.Doc == "" || seen[f.Name] || f.Where != AtOrigin && f.Where != AtEdge {
			t.Errorf("%q: a name of its own, a place and a doc are wanted", f.Name)
		}
		seen[f.Name] = true
		if f.clock == nil && f.view == nil && f.reply == nil && f.cache == cacheSound && !f.stretch && !f.refuse &&
			f.Name != "variant-gone" {
			t.Errorf("%s does nothing", f.Name)
		}
	}
}
