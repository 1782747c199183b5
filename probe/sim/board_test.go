package sim

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

func TestFaultsOfOneStreamAndRendition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Streams: []string{"a", "b"}}, edge.Config{})
		board := w.origin.Faults()
		for _, fault := range []string{"playlist-503", "edge-503"} {
			if err := board.Inject(Injection{Fault: fault, Stream: "a", Rendition: "360p"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, host := range []string{"origin.test", "edge.test"} {
			answers(w, host+"/a/360p/playlist.m3u8", 503, "")
			answers(w, host+"/a/240p/playlist.m3u8", 200, "")
			answers(w, host+"/b/360p/playlist.m3u8", 200, "")
		}
		if n := board.Clear("", "b", ""); n != 0 {
			t.Errorf("clearing another stream cleared %d", n)
		}
		if n := board.Clear("playlist-503", "a", ""); n != 1 || len(board.Active()) != 1 {
			t.Errorf("cleared %d, %d left", n, len(board.Active()))
		}
		answers(w, "origin.test/a/360p/playlist.m3u8", 200, "")
	})
}

func TestScriptPlaysInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{}, edge.Config{})
		w.inject("playlist-503(240p)@20s+30s, endlist@1m")
		var seen []string
		for range 70 {
			time.Sleep(time.Second)
			names := []string{}
			for _, in := range w.origin.Faults().Active() {
				names = append(names, in.String())
			}
			now := strings.Join(names, "+")
			if len(seen) == 0 || seen[len(seen)-1] != now {
				seen = append(seen, now)
			}
		}
		if got := strings.Join(seen, " | "); got != " | playlist-503(240p) |  | endlist" {
			t.Errorf("on the board were: %s", got)
		}
	})
}

func TestBoardForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoard()
		for range 100 {
			if err := b.Inject(Injection{Fault: "stall", Until: time.Now().Add(time.Second)}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		if n := len(b.all()); n > 15 {
			t.Errorf("%d faults are remembered", n)
		}
	})
}
