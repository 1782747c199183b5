package player_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// peer is another player, as its manual begins.
type peer struct {
	kind player.Kind
	npm  string // package and version; "" for a library that we have
	page string // with %q for the manifest; /npm/ is the package
}

func peers() []peer {
	return []peer{
		{
			"plain hls.js", "",
			"<script src='/embed/main/hls.min.js'></script><video muted autoplay width=640></video>" +
				"<script>const hls = new Hls(); hls.loadSource(%q); hls.attachMedia(document.querySelector('video'));</script>",
		},
		{
			"plain Video.js", "",
			"<script src='/embed/main/video.min.js'></script>" +
				"<link rel='stylesheet' href='/embed/main/video-js.min.css'>" +
				"<video muted autoplay class='video-js' width=640 height=360></video>" +
				"<script>videojs(document.querySelector('video'), " +
				"{sources: [{src: %q, type: 'application/x-mpegURL'}]});</script>",
		},
		{
			"Shaka", "shaka-player@5.2.12",
			"<script src='/npm/dist/shaka-player.compiled.js'></script><video muted autoplay width=640></video>" +
				"<script>shaka.polyfill.installAll(); const p = new shaka.Player(); " +
				"p.attach(document.querySelector('video')).then(() => p.load(%q)).catch(() => {});</script>",
		},
		{
			"Mux", "@mux/mux-player@3.14.0",
			"<script src='/npm/dist/mux-player.js'></script>" +
				"<mux-player src=%q stream-type='live' autoplay='muted' muted disable-tracking></mux-player>",
		},
	}
}

// pageOf is the address of a page: ours, or a peer's, with all its files sent
// compressed. loaded counts their bytes.
func pageOf(t *testing.T, ours http.Handler, manifest string, kind player.Kind, loaded *atomic.Int64) string {
	t.Helper()
	var dir, text string
	for _, p := range peers() {
		if p.kind != kind {
			continue
		}
		text = p.page
		if p.npm != "" {
			dir = unpacked(t, p.npm)
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		switch name, npm := strings.CutPrefix(r.URL.Path, "/npm/"); {
		case npm:
			b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			rec.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
			_, _ = rec.Write(b)
		case r.URL.Path == "/":
			rec.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(rec, "<!DOCTYPE html><title>peer</title><link rel='icon' href='data:,'>"+text, manifest)
		default:
			r.Header.Del("Accept-Encoding")
			ours.ServeHTTP(rec, r)
		}
		var z bytes.Buffer
		zw, _ := gzip.NewWriterLevel(&z, gzip.BestCompression)
		_, _ = zw.Write(rec.Body.Bytes())
		_ = zw.Close()
		if rec.Code == http.StatusOK && strings.HasSuffix(r.URL.Path, ".png") == false {
			loaded.Add(int64(z.Len()))
		}
		h := w.Header()
		h.Set("Content-Type", rec.Header().Get("Content-Type"))
		if csp := rec.Header().Get("Content-Security-Policy"); csp != "" {
			h.Set("Content-Security-Policy", csp)
		}
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(rec.Code)
		_, _ = w.Write(z.Bytes())
	}))
	t.Cleanup(srv.Close)
	if text != "" {
		return srv.URL + "/"
	}
	return srv.URL + "/embed/main/" + string(kind)
}

// packages are the folders of npm packages that tests share.
var packages sync.Map // name and version: func() (string, error)

// unpacked gets a package from npm, once.
func unpacked(t *testing.T, spec string) string {
	t.Helper()
	proctest.Need(t, "npm")
	get, _ := packages.LoadOrStore(spec, sync.OnceValues(func() (string, error) { return pack(spec) }))
	dir, err := get.(func() (string, error))()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return dir
}

func pack(spec string) (string, error) {
	dir, err := os.MkdirTemp("", "streamwatch-npm-*")
	if err != nil {
		return "", err
	}
	atEnd(func() { _ = os.RemoveAll(dir) })
	pack := exec.Command("npm", "pack", "--silent", spec)
	pack.Dir = dir
	name, err := pack.Output()
	if err != nil {
		return "", fmt.Errorf("npm pack %s: %w", spec, err)
	}
	archive := filepath.Join(dir, strings.TrimSpace(string(name)))
	out, err := exec.Command("tar", "-xzf", archive, "-C", dir).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("unpacking %s: %w\n%s", spec, err, out)
	}
	return filepath.Join(dir, "package"), nil
}

// sizeEnv makes TestSizes measure and write SIZE.md.
const sizeEnv = "STREAMWATCH_PLAYER_SIZE"

// TestSizes measures what a viewer loads, and how long it takes to a picture on
// a slow connection, beside other players.
func TestSizes(t *testing.T) {
	if os.Getenv(sizeEnv) == "" {
		t.Skip("takes a minute, and packages from npm; set " + sizeEnv + "=1")
	}
	proctest.Need(t, "ffmpeg", "chromium")
	ctx := browser(t)
	l := newLive(t)
	l.start(t, false)
	l.wait(t, 6)
	cfg, _, err := player.Derive(benchFacts(), player.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := player.Preview("concert", "main", l.url(), cfg, player.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	kinds := []player.Kind{player.HLSJS, player.VideoJS, player.Native}
	for _, p := range peers() {
		kinds = append(kinds, p.kind)
	}
	for _, kind := range kinds {
		var loaded atomic.Int64
		url := pageOf(t, ours, l.url(), kind, &loaded)
		var times []float64
		for range 3 {
			loaded.Store(0)
			open(ctx, t, "about:blank")
			times = append(times, firstFrame(ctx, t, url))
		}
		first := fmt.Sprintf("%.1f", median(times))
		if median(times) < 0 {
			first = "never"
		}
		fmt.Fprintf(&rows, "| %s | %d | %s |\n", kind, (loaded.Load()+512)/1024, first)
	}
	if err := os.WriteFile("SIZE.md", fmt.Appendf(nil, sizeDoc, &rows), 0o600); err != nil {
		t.Fatal(err)
	}
}

const sizeDoc = `# What a viewer loads

TestSizes writes this page (make player-size). Page, scripts and styles as gzip sends them, without the media; seconds
from the address to the first picture in headless Chromium with an empty cache, at 1.6 Mbit/s and 150 ms, the middle of
three runs. Two variants of 250 and 500 kbit/s, segments of two seconds. Peers are the packages on npm, set up as their
manuals begin.

| page | KiB | first picture, s |
|---|---|---|
%s`

// firstFrame opens a page with an empty cache on a slow connection.
func firstFrame(ctx context.Context, t *testing.T, url string) float64 {
	t.Helper()
	off := true
	if _, err := chromedp.Call(ctx, network.SetCacheDisabled,
		network.SetCacheDisabledParams{CacheDisabled: off}); err != nil {
		t.Fatal(err)
	}
	slow := &network.Conditions{Latency: 150, DownloadThroughput: 1.6e6 / 8, UploadThroughput: 750e3 / 8}
	if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule,
		network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{slow}}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	go func() { _ = chromedp.Do(ctx, chromedp.Navigate(url)) }()
	for time.Since(began) < 40*time.Second {
		v, err := chromedp.Run(ctx, chromedp.Evaluate[float64]("window.picture && picture().currentTime > 0 && "+
			"picture().readyState > 2 ? performance.now() : -1"))
		if err == nil && v > 0 {
			return v / 1000
		}
		time.Sleep(30 * time.Millisecond)
	}
	return -1
}

func median(v []float64) float64 {
	a, b, c := v[0], v[1], v[2]
	return max(min(a, b), min(max(a, b), c))
}
