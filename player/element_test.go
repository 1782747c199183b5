package player_test

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// stage is one page with one snippet, over a simulated stream that can break.
type stage struct {
	srv *httptest.Server
	url string // of the page

	origin http.Handler

	mu    sync.Mutex
	fault func(w http.ResponseWriter, r *http.Request) bool
	asked int
	last  map[string]string // playlists that have ended
}

// newStage serves the strict snippet for a manifest below /main/: that of hls.js,
// or of the only kind that is asked for. before stands ahead of it in the page.
func newStage(t *testing.T, manifest, before string, o player.Options) *stage {
	t.Helper()
	s := &stage{origin: sim.NewOrigin(sim.Config{Streams: []string{"main"}})}
	var files map[string][]byte
	var snippet []byte
	s.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := filepath.Base(r.URL.Path)
		if b, ok := files[name]; ok {
			w.Header().Set("Content-Type", mime.TypeByExtension(filepath.Ext(name)))
			_, _ = w.Write(b)
			return
		}
		if r.URL.Path == "/" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, "<!DOCTYPE html><html lang='en'><title>stage</title><link rel='icon' href='data:,'><body>%s%s",
				before, snippet)
			return
		}
		s.mu.Lock()
		s.asked++
		fault := s.fault
		s.mu.Unlock()
		if fault == nil || !fault(w, r) {
			s.origin.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.srv.Close)
	s.url = s.srv.URL + "/"
	for i, f := range o.Fallbacks {
		o.Fallbacks[i] = strings.ReplaceAll(f, "SELF", s.srv.URL)
	}
	o.Scripts, o.Base = player.Local, s.srv.URL
	cfg, _, err := player.Derive(benchFacts(), o)
	if err != nil {
		t.Fatal(err)
	}
	kind := player.HLSJS
	if len(o.Kinds) == 1 {
		kind = o.Kinds[0]
	}
	if files, err = player.Render("concert", "main", strings.ReplaceAll(manifest, "SELF", s.srv.URL), cfg, o); err != nil {
		t.Fatal(err)
	}
	snippet = files[string(kind)+".strict.snippet.html"]
	return s
}

// set installs a fault, and returns how often was asked since the last call.
func (s *stage) set(fault func(http.ResponseWriter, *http.Request) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.asked
	s.fault, s.asked = fault, 0
	return n
}

const ownManifest = "SELF/main/playlist.m3u8"

// An application takes the player out of its page without a word: nothing of it
// is left.
func TestRemovedElementStops(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	const count = `<script>window.workers = 0; const W = Worker; window.Worker = class extends W {
		constructor(...a) { super(...a); workers += 1; } terminate() { workers -= 1; super.terminate(); } };</script>`
	s := newStage(t, ownManifest, count, player.Options{})
	open(ctx, t, s.url)
	played(ctx, t, time.Second)
	if n := eval[int](ctx, t, "workers"); n != 1 {
		t.Errorf("%d workers while it plays; is there still one to leave?", n)
	}
	eval[any](ctx, t, "void (window.gone = document.querySelector('stream-watch-player'), gone.remove())")
	time.Sleep(300 * time.Millisecond)
	s.set(nil)
	time.Sleep(3 * time.Second) // more than a target duration
	if n := s.set(nil); n > 0 {
		t.Errorf("%d requests after it was removed", n)
	}
	if n := eval[int](ctx, t, "workers"); n != 0 {
		t.Errorf("%d workers are left", n)
	}
	eval[any](ctx, t, "void document.body.append(gone)")
	played(ctx, t, time.Second)
}

// Space pauses and plays, as each key does: Chromium's own controls undo it when
// the key is let go.
func TestSpace(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	focus(ctx, t)
	s := newStage(t, ownManifest, "", player.Options{})
	open(ctx, t, s.url)
	played(ctx, t, time.Second)
	eval[any](ctx, t, "void picture().focus()")
	for _, want := range []bool{true, false, true} {
		press(ctx, t, " ")
		time.Sleep(300 * time.Millisecond)
		if got := eval[bool](ctx, t, "picture().paused"); got != want {
			t.Fatalf("after Space paused is %v, want %v", got, want)
		}
	}
}

// Without JavaScript a link is there.
func TestWithoutJavaScript(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newStage(t, ownManifest, "", player.Options{Title: "Autumn concert"})
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	open(ctx, t, s.url)
	got := eval[string](ctx, t, `(() => { const a = document.querySelector('a'); `+
		`const r = a.getBoundingClientRect(); return a.innerText + (r.width > 20 && r.height > 5); })()`)
	if got != "Autumn concerttrue" {
		t.Errorf("the page shows %q", got)
	}
}

// A redirect leads to an address that dies: the page asks at the given one again.
func TestRedirectDies(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newStage(t, "SELF/given.m3u8", "", player.Options{})
	token := func(alive string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/given.m3u8" {
				http.Redirect(w, r, "/"+alive+"/main/playlist.m3u8", http.StatusFound)
				return true
			}
			if path, ok := strings.CutPrefix(r.URL.Path, "/"+alive); ok {
				r.URL.Path = path
				return false
			}
			w.WriteHeader(http.StatusForbidden)
			return true
		}
	}
	s.set(token("one"))
	open(ctx, t, s.url)
	played(ctx, t, time.Second)
	s.set(token("two"))
	until(ctx, t, `seen.some((e) => e.type === 'restart' && e.reason === 'redirect')`)
	played(ctx, t, 2*time.Second)
	if n := eval[int](ctx, t, "seen.filter((e) => e.type === 'error' && e.fatal).length"); n > 0 {
		t.Error("it took more than one 403")
	}
}

// The first CDN stops, by errors or by standing still: the page goes over to the
// second before the picture stands.
func TestFallbackEdge(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	second := httptest.NewServer(nil)
	defer second.Close()
	s := newStage(t, ownManifest, "", player.Options{Fallbacks: []string{second.URL + "/main/playlist.m3u8"}})
	second.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.forward(w, r) })
	open(ctx, t, s.url)
	played(ctx, t, 2*time.Second)
	s.set(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("X-Second") != "" {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	until(ctx, t, `seen.some((e) => e.type === 'restart' && e.reason === 'edge')`)
	played(ctx, t, 6*time.Second)
	stalls := eval[[]float64](ctx, t, "seen.filter((e) => e.type === 'stall').map((e) => e.seconds)")
	if len(stalls) > 0 && stalls[0] > 3 {
		t.Errorf("it stalled %v s", stalls)
	}
}

// Where the playlist itself says which CDNs there are, the library goes over to
// the next one, and the page leaves that to it.
func TestContentSteering(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	second := httptest.NewServer(nil)
	defer second.Close()
	s := newStage(t, ownManifest, "", player.Options{Fallbacks: []string{second.URL + "/main/playlist.m3u8"}})
	second.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.forward(w, r) })
	var broken atomic.Bool
	var over atomic.Int64 // media playlists that the second CDN was asked for
	s.set(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.URL.Path == "/steering.json":
			fmt.Fprint(w, `{"VERSION": 1, "TTL": 300, "PATHWAY-PRIORITY": ["first", "second"]}`)
		case r.URL.Path == "/main/playlist.m3u8":
			const variant = "#EXT-X-STREAM-INF:BANDWIDTH=800000,PATHWAY-ID=%q\n%s/main/360p/playlist.m3u8\n"
			fmt.Fprintf(w, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-CONTENT-STEERING:SERVER-URI=%q,PATHWAY-ID=%q\n",
				s.srv.URL+"/steering.json", "first")
			fmt.Fprintf(w, variant+variant, "first", s.srv.URL, "second", second.URL)
		case r.Header.Get("X-Second") != "":
			over.Add(1)
			return false
		case broken.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			return false
		}
		return true
	})
	open(ctx, t, s.url)
	played(ctx, t, 2*time.Second)
	broken.Store(true)
	played(ctx, t, 12*time.Second)
	if over.Load() == 0 {
		t.Error("hls.js did not go over to the second pathway")
	}
	if edge := eval[bool](ctx, t, `seen.some((e) => e.type === 'restart' && e.reason === 'edge')`); edge {
		t.Error("the page chose another CDN, beside content steering")
	}
}

// forward answers as the second CDN.
func (s *stage) forward(w http.ResponseWriter, r *http.Request) {
	req := r.Clone(r.Context())
	req.Header.Set("X-Second", "1")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	s.srv.Config.Handler.ServeHTTP(w, req)
}

// A tab that nobody looks at comes back by itself.
func TestHiddenTab(t *testing.T) {
	long(t)
	ctx := browser(t)
	s := newStage(t, ownManifest, "", player.Options{})
	open(ctx, t, s.url)
	played(ctx, t, time.Second)
	hide(ctx, t)
	s.set(status(http.StatusServiceUnavailable))
	time.Sleep(80 * time.Second)
	s.set(nil)
	at := eval[float64](ctx, t, "picture().currentTime")
	time.Sleep(75 * time.Second)
	if now := eval[float64](ctx, t, "picture().currentTime"); now == at {
		t.Error("it did not come back")
	}
}

// hide tells the page that its tab is not looked at.
func hide(ctx context.Context, t *testing.T) {
	t.Helper()
	eval[any](ctx, t, `void (Object.defineProperty(document, 'hidden', {configurable: true, get: () => true}), `+
		`document.dispatchEvent(new Event('visibilitychange')))`)
}
