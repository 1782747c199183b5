package sim

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

const subtitles = "/main/subs/"

// fieldOnTheWire says what a client sees of the faults that real origins and
// caches have shown.
var fieldOnTheWire = map[string]func(w *world, before scan){
	"two-packagers": func(w *world, before scan) {
		s := w.playlist("origin.test", high)
		w.must(len(s.uris) == 2 && s.last() == before.last() && s.sequence == before.sequence+4,
			"the second packager: %d segments from %d", len(s.uris), s.sequence)
		time.Sleep(2 * time.Second)
		w.must(len(w.playlist("origin.test", high).uris) == 6, "the first one does not answer by turns")
		time.Sleep(2 * time.Second)
		w.must(len(w.playlist("origin.test", high).uris) == 2, "the second one does not come back")
	},
	"init-changed": func(w *world, before scan) {
		init := w.Get("origin.test" + high + "init.mp4")
		time.Sleep(4 * time.Second)
		s := w.playlist("origin.test", high)
		w.must(s.discs == 1 && s.sequence == before.sequence+2, "%d discontinuities from %d", s.discs, s.sequence)
		w.must(w.Get("origin.test"+high+s.last()).Status == 200, "its segments cannot be fetched")
		time.Sleep(20 * time.Second)
		s = w.playlist("origin.test", high)
		w.must(s.discs == 0 && s.discSequence == before.discSequence+1,
			"the discontinuity that left was not counted: %d, %d", s.discs, s.discSequence)
		w.origin.Faults().Clear("", "", "")
		sound := w.Get("origin.test" + high + "init.mp4")
		w.must(init.Status == 200 && sound.Status == 200 && init.Body != sound.Body &&
			init.Header.Get("Etag") != sound.Header.Get("Etag"), "the init segment is the same")
	},
	"names-reused": func(w *world, before scan) {
		time.Sleep(4 * time.Second)
		s := w.playlist("origin.test", high)
		w.must(s.sequence == before.sequence && len(s.uris) == 2, "%d segments from %d", len(s.uris), s.sequence)
		w.must(s.uris[0] == before.uris[0] && s.uris[1] == before.uris[1], "names %v, before %v", s.uris, before.uris)
		// The cache was given the newest before the restart; its name comes again.
		time.Sleep(8 * time.Second)
		u := high + before.last()
		origin, edge := w.Get("origin.test"+u), w.Get("edge.test"+u)
		w.must(origin.Status == 200 && edge.Cache() == "Hit" && origin.Body != edge.Body,
			"the edge: %s, the same bytes %v", edge.Cache(), origin.Body == edge.Body)
	},
	"subtitles-ahead": func(w *world, before scan) {
		s := w.playlist("origin.test", subtitles)
		w.must(s.last() == strings.Replace(before.last(), ".ts", ".vtt", 1) && s.times[5].Sub(before.times[5]) == time.Minute,
			"%s is ahead by %v", s.last(), s.times[5].Sub(before.times[5]))
		w.must(w.playlist("origin.test", high).times[5].Equal(before.times[5]), "the video is ahead too")
	},
	"forbidden-one": func(w *world, before scan) {
		time.Sleep(2 * time.Second)
		for _, host := range []string{"origin.test", "edge.test"} {
			answers(w, host+low+playlistName, 403, "")
			w.playlist(host, high)
		}
		answers(w, "origin.test"+low+before.last(), 403, "")
	},
	"wrong-type": func(w *world, before scan) {
		time.Sleep(2 * time.Second)
		for _, u := range []string{
			"origin.test" + high + playlistName, "edge.test" + high + playlistName, "origin.test/main/playlist.m3u8",
		} {
			g := w.Get(u)
			w.must(g.Status == 200 && strings.HasPrefix(g.Header.Get("Content-Type"), "text/plain"),
				"%s: %d %s", u, g.Status, g.Header.Get("Content-Type"))
		}
		w.must(w.Get("origin.test"+high+before.last()).Header.Get("Content-Type") == "video/mp2t",
			"segments have another type too")
	},
	"etag-kept": func(w *world, _ scan) {
		time.Sleep(4 * time.Second)
		first := read(w.Get("edge.test" + high + playlistName).Body)
		time.Sleep(6 * time.Second)
		origin, behind := w.Get("origin.test"+high+playlistName), w.Get("edge.test"+high+playlistName)
		w.must(origin.Header.Get("Etag") == `"kept"` && behind.Header.Get("Etag") == `"kept"`,
			"ETag %s at the origin, %s at the edge", origin.Header.Get("Etag"), behind.Header.Get("Etag"))
		w.must(read(origin.Body).sequence > first.sequence, "the origin stands still")
		w.must(read(behind.Body).sequence == first.sequence, "the edge moves on")
	},
	"origin-hang": func(w *world, before scan) {
		for _, u := range []string{high + before.last(), high + playlistName, "/main/playlist.m3u8"} {
			hangs(w, "origin.test"+u)
		}
		w.must(w.Get("edge.test"+high+before.last()).Cache() == "Hit", "what the edge has is gone")
	},
	"origin-refused": func(w *world, before scan) {
		g := w.Get("origin.test" + high + playlistName)
		w.must(errors.Is(g.Err, syscall.ECONNREFUSED), "%d %v", g.Status, g.Err)
		time.Sleep(3 * time.Second)
		stale := w.Get("edge.test" + high + playlistName)
		w.must(stale.Status == 200 && read(stale.Body).last() == before.last(), "the edge: %d", stale.Status)
	},
	"edge-refused": func(w *world, before scan) {
		for _, u := range []string{high + playlistName, "/main/playlist.m3u8", high + before.last()} {
			g := w.Get("edge.test" + u)
			w.must(errors.Is(g.Err, syscall.ECONNREFUSED), "%s: %d %v", u, g.Status, g.Err)
		}
		w.playlist("origin.test", high)
	},
}

// A reload of a cache refuses connections for a moment, and then it is as it was.
func TestCacheReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{}, edge.Config{})
		w.inject("edge-refused@1s+200ms, edge-refused@10s+2s")
		var refused []time.Duration
		for at := time.Duration(0); at < 15*time.Second; at += 100 * time.Millisecond {
			if g := w.Get("edge.test" + high + playlistName); g.Err != nil {
				refused = append(refused, at)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if len(refused) != 22 || refused[0] != time.Second || refused[2] != 10*time.Second ||
			refused[21] != 11900*time.Millisecond {
			t.Errorf("refused at %v", refused)
		}
	})
}

// Streams of one host break by themselves or with their host.
func TestManyStreamsOnOneHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Streams: []string{"a", "b", "c"}}, edge.Config{})
		last := func(host, stream string) string { return w.playlist(host, "/"+stream+"/360p/").last() }
		before := map[string]string{}
		for _, s := range []string{"a", "b", "c"} {
			before[s] = last("edge.test", s)
		}
		board := w.origin.Faults()
		for _, in := range []Injection{{Fault: "stall", Stream: "a"}, {Fault: "stale-edge", Stream: "b"}} {
			if err := board.Inject(in); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
		for _, c := range []struct {
			host, stream string
			moves        bool
		}{
			{"origin.test", "a", false},
			{"edge.test", "a", false},
			{"origin.test", "b", true},
			{"edge.test", "b", false},
			{"origin.test", "c", true},
			{"edge.test", "c", true},
		} {
			if moved := last(c.host, c.stream) != before[c.stream]; moved != c.moves {
				t.Errorf("%s of %s: moved %v", c.stream, c.host, moved)
			}
		}
		board.Clear("", "", "")
		w.inject("stale-edge")
		for _, s := range []string{"a", "b", "c"} {
			before[s] = last("edge.test", s)
		}
		time.Sleep(10 * time.Second)
		for _, s := range []string{"a", "b", "c"} {
			if last("edge.test", s) != before[s] || last("origin.test", s) == before[s] {
				t.Errorf("the frozen edge: %s", s)
			}
		}
	})
}

// The ladder lists copies on a second CDN, which is an edge of its own.
func TestSecondCDN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Second: "http://second.test/"}, edge.Config{})
		body := w.Get("edge.test/main/playlist.m3u8").Body
		for _, want := range []string{
			"\n360p/playlist.m3u8\n", "\nhttp://second.test/main/360p/playlist.m3u8\n",
			"\nhttp://second.test/main/240p/playlist.m3u8\n",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("no %q in %s", want, body)
			}
		}
		if strings.Count(body, "#EXT-X-STREAM-INF") != 4 {
			t.Errorf("the ladder is %s", body)
		}
		if g := w.Get("second.test/main/360p/playlist.m3u8"); !errors.Is(g.Err, syscall.ECONNREFUSED) {
			t.Errorf("a second CDN that is not there: %d %v", g.Status, g.Err)
		}
		second := NewEdge(edge.Config{Origin: mustURL("http://origin.test"), Transport: w.hosts}, nil, "")
		w.hosts["second.test"] = second
		answers(w, "second.test/main/360p/playlist.m3u8", 200, "#EXTM3U")
		if err := second.Faults().Inject(Injection{Fault: "edge-503"}); err != nil {
			t.Fatal(err)
		}
		answers(w, "second.test/main/360p/playlist.m3u8", 503, "")
		answers(w, "edge.test/main/360p/playlist.m3u8", 200, "#EXTM3U")
	})
}

// Subtitles are a rendition in step with the video, on its clock.
func TestSubtitles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Subtitles: true, Encrypt: true}, edge.Config{})
		body := w.Get("origin.test/main/playlist.m3u8").Body
		for _, want := range []string{
			`#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="English",DEFAULT=NO,AUTOSELECT=YES,LANGUAGE="en",` +
				`URI="subs/playlist.m3u8"` + "\n", `SUBTITLES="subs"`,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("no %s in %s", want, body)
			}
		}
		video, text := w.playlist("origin.test", high), w.playlist("origin.test", subtitles)
		if text.sequence != video.sequence || !text.times[5].Equal(video.times[5]) || len(text.uris) != 6 {
			t.Errorf("%d segments from %d at %v, the video is at %d",
				len(text.uris), text.sequence, text.times[5], video.sequence)
		}
		g := w.Get("edge.test" + subtitles + text.last())
		if g.Status != 200 || g.Header.Get("Content-Type") != "text/vtt" ||
			!strings.HasPrefix(g.Body, "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:") || !strings.Contains(g.Body, "-->") {
			t.Errorf("%d %s %q", g.Status, g.Header.Get("Content-Type"), g.Body)
		}
	})
}
