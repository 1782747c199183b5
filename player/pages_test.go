package player_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/player"
)

// everything sets every option that adds a key.
func everything() (player.Manifest, player.Options) {
	m := benchFacts()
	m.Captions = []player.Caption{{Channel: "CC1", Name: "English", Language: "en"}}
	return m, player.Options{CMCD: true, Credentials: true, Captions: "en", TargetLatency: 8 * time.Second, CatchUp: 1.1}
}

// hls.js takes unknown keys without a word, so every key that we write is held
// against its own list.
func TestKeysExist(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	m, o := everything()
	cfg, _, err := player.Derive(m, o)
	if err != nil {
		t.Fatal(err)
	}
	srv := preview(t, "http://127.0.0.1:9/none.m3u8", m, o)
	open(ctx, t, srv.URL+"/embed/main/hlsjs")
	until(ctx, t, "!!window.Hls")
	known := eval[[]string](ctx, t, "Object.keys(Hls.DefaultConfig)")
	for _, s := range cfg.HLSJS {
		if key, _, _ := strings.Cut(s.Key, "."); !slices.Contains(known, key) {
			t.Errorf("hls.js has no key %s", key)
		}
	}
	// VHS has no list of defaults to read; its source names each option.
	r, err := http.Get(srv.URL + "/embed/main/video.min.js")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	source := string(b)
	for _, s := range cfg.VideoJS {
		for key := range strings.SplitSeq(s.Key, ".") {
			if key == "CC1" {
				continue // a channel, not an option
			}
			if !strings.Contains(source, key) {
				t.Errorf("Video.js has no key %s (%s)", key, s.Key)
			}
		}
	}
}

// axe runs axe-core in the page and returns its serious findings.
func axe(ctx context.Context, t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/axe.min.js.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	source, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	eval[any](ctx, t, string(source)+";0")
	return eval[[]string](ctx, t, `axe.run().then((r) => r.violations
		.map((v) => v.impact + ' ' + v.id + ': ' +
			v.nodes.map((n) => n.html.slice(0, 120) + ' ' + n.failureSummary).join(' | ')))`)
}

// screenshots are kept below this folder when it is named.
const screenshotEnv = "STREAMWATCH_PLAYER_SCREENSHOTS"

func TestPagesAreAccessible(t *testing.T) {
	long(t)
	l := onAir(t, false)
	ctx := browser(t)
	o := player.Options{Title: "Autumn concert", Starts: time.Now().Add(49 * time.Hour)}
	live := preview(t, l.url(), benchFacts(), o)
	waiting := preview(t, "http://127.0.0.1:9/none.m3u8", benchFacts(), o)
	o.Autoplay = player.Off
	off := preview(t, l.url(), benchFacts(), o)
	for _, width := range []int64{320, 1280} {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 640)); err != nil {
			t.Fatal(err)
		}
		for name, url := range map[string]string{
			"hlsjs":   live.URL + "/embed/main/hlsjs",
			"videojs": live.URL + "/embed/main/videojs", "native": live.URL + "/embed/main/native",
			"iframe": live.URL + "/embed/main/iframe", "index": live.URL + "/embed/main/index",
			"waiting": waiting.URL + "/embed/main/hlsjs", "play": off.URL + "/embed/main/hlsjs",
		} {
			t.Run(fmt.Sprintf("%s at %d", name, width), func(t *testing.T) {
				open(ctx, t, url)
				time.Sleep(1500 * time.Millisecond)
				for _, v := range axe(ctx, t) {
					t.Error(v)
				}
				if wide := eval[float64](ctx, t, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("the page is %v px wide", wide)
				}
				shoot(ctx, t, fmt.Sprintf("%s-%d.png", name, width))
			})
		}
	}
}

// shoot keeps a screenshot.
func shoot(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv(screenshotEnv)
	if dir == "" {
		return
	}
	b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPreviewServes(t *testing.T) {
	srv := preview(t, "http://10.0.0.5/live.m3u8", benchFacts(), player.Options{Kinds: []player.Kind{player.HLSJS}})
	for path, want := range map[string]int{
		"/embed/main/hlsjs": 200, "/embed/main/videojs": 200, "/embed/main/native.html": 200,
		"/embed/main/iframe": 200, "/embed/main/index": 200,
		"/embed/main/hls.min.js": 200, "/embed/main/video-js.min.css": 200, "/embed/main/streamwatch-player.js": 200,
		"/embed/main/flash": 404, "/embed/main/hls.js.LICENSE": 404,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		w := httptest.NewRecorder()
		srv.Config.Handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("GET %s: status %d, want %d", path, w.Code, want)
		}
		if strings.HasSuffix(path, "hlsjs") &&
			!strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-ancestors 'self'") {
			t.Error("anyone may frame the preview")
		}
		if strings.HasSuffix(path, "hls.min.js") && !strings.Contains(w.Body.String(), `"1.7.4"`) {
			t.Error("without gzip the library does not come out plain")
		}
	}
}

// Version, bytes and hash of each library agree, and with what was proved.
func TestLibraries(t *testing.T) {
	files := render(t, benchFacts(), player.Options{})
	for page, want := range map[string][]string{
		"hlsjs.html": {
			"hls.js@1.7.4/dist/hls.min.js", "sha384-p9vgU/7IYJWd3I4STrtqxqR/2cAQlhIX7D/HrTnIMEjjcUox165b7se7sxmm3zDg",
		},
		"videojs.html": {
			"video.js@8.24.1/dist/video.min.js", "sha384-9LtdENn4aCK5YUSBEw9zQT/tT1eCah4K4BlWimkvqqCaURKD4rBN00ZHMe26ny2O",
			"sha384-xfG5I3MEODgvS2hsikP3bkQWFgJNS4uI4dJQt7PoOmActllz5+bPWPywC/ow2KWd",
		},
	} {
		for _, w := range want {
			if !strings.Contains(string(files[page]), w) {
				t.Errorf("%s lacks %s", page, w)
			}
		}
	}
	local := render(t, benchFacts(), player.Options{Scripts: player.Local})
	if !strings.Contains(string(local["hls.min.js"]), `"1.7.4"`) ||
		!strings.Contains(string(local["video.min.js"]), "Video.js 8.24.1 ") {
		t.Error("a library is not of the pinned version")
	}
	var j map[string]any
	if err := json.Unmarshal(files["player.json"], &j); err != nil {
		t.Error(err)
	}
}
