package sim

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

// TestPlaysOverHTTP has ffmpeg play both kinds of stream over sockets, origin
// and edge, and asks that it finds nothing to complain about.
func TestPlaysOverHTTP(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ffmpeg is missing")
		}
		t.Skip("ffmpeg is missing")
	}
	for name, c := range map[string]Config{"ts": {}, "fmp4": {FMP4: true}, "encrypted": {Encrypt: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			origin := httptest.NewServer(NewOrigin(Config{
				FMP4: c.FMP4, Encrypt: c.Encrypt, TargetDuration: time.Second, Window: 16,
			}))
			defer origin.Close()
			cdn := httptest.NewServer(edge.New(edge.Config{Origin: mustURL(origin.URL)}))
			defer cdn.Close()
			// Eight seconds from the middle of the window, so that a busy machine
			// does not fall out of it, and some that appear meanwhile.
			out, err := exec.CommandContext(t.Context(), ffmpeg, "-v", "warning", "-nostdin", "-live_start_index", "8",
				"-i", cdn.URL+"/main/playlist.m3u8", "-t", "10", "-map", "0", "-f", "null", "-").CombinedOutput()
			for line := range strings.Lines(string(out)) {
				// ffmpeg reads the init segment again with each playlist and says so.
				if !strings.Contains(line, "duplicated MOOV") {
					t.Errorf("ffmpeg: %s", line)
				}
			}
			if err != nil {
				t.Errorf("ffmpeg: %v", err)
			}
		})
	}
}

func TestFMP4Playlist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{FMP4: true}, edge.Config{})
		g := w.Get("edge.test" + high + playlistName)
		if !strings.Contains(g.Body, `#EXT-X-MAP:URI="init.mp4"`) {
			t.Fatalf("no EXT-X-MAP:\n%s", g.Body)
		}
		for uri, want := range map[string]string{"init.mp4": "ftyp", read(g.Body).last(): "moof"} {
			s := w.Get("edge.test" + high + uri)
			if s.Status != 200 || s.Header.Get("Content-Type") != "video/mp4" || len(s.Body) < 8 || s.Body[4:8] != want {
				t.Errorf("%s: %d %v", uri, s.Status, s.Header)
			}
		}
	})
}

// TestConcurrently is for the race detector: viewers, faults and expiry at once
// over real sockets.
func TestConcurrently(t *testing.T) {
	board := NewBoard()
	origin := httptest.NewServer(NewOrigin(Config{Streams: []string{"a", "b"}, Faults: board}))
	defer origin.Close()
	short := edge.TTL{Default: 5 * time.Millisecond, Max: 5 * time.Millisecond}
	config := edge.Config{
		Origin: mustURL(origin.URL), ManifestTTL: short, CacheBytes: 200 << 10, ErrorTTL: time.Millisecond,
	}
	cdn := httptest.NewServer(NewEdge(config, board, ""))
	defer cdn.Close()
	until := time.Now().Add(700 * time.Millisecond)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			client := &http.Client{Timeout: time.Second}
			paths := []string{"/a/playlist.m3u8", "/a/360p/playlist.m3u8", "/b/240p/playlist.m3u8"}
			for n := 0; time.Now().Before(until); n++ {
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, cdn.URL+paths[(n+i)%3], nil)
				if resp, err := client.Do(req); err == nil {
					_ = resp.Body.Close()
				}
			}
		})
	}
	for _, f := range []string{"stale-edge", "edge-old-node", "stall", "over-td", "edge-rewrite", "origin-500-stale"} {
		if err := board.Inject(Injection{Fault: f, Stream: "a"}); err != nil {
			t.Error(err)
		}
		time.Sleep(100 * time.Millisecond)
		board.Clear(f, "", "")
	}
	wg.Wait()
}
