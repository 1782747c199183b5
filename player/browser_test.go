package player_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// recorder runs before the page's scripts: it keeps every event of the embed,
// every violation of the Content-Security-Policy and every payload that ran.
const recorder = `
window.seen = []; window.violations = []; window.hacked = [];
window.alert = (x) => window.hacked.push(String(x));
document.addEventListener('streamwatch', (e) => window.seen.push(Object.assign({at: Date.now()}, e.detail)));
// frame reads the frame number from the picture, -1 before there is one and where
// the browser's own player shows it from elsewhere.
const strip = document.createElement('canvas');
strip.width = 12; strip.height = 1;
const pen = strip.getContext('2d', {willReadFrequently: true});
window.inside = (selector) => {
  const player = document.querySelector('stream-watch-player');
  return player && player.shadowRoot ? player.shadowRoot.querySelector(selector) : null;
};
window.picture = () => inside('video') ||
  (document.querySelector('mux-player') || {media: {}}).media.nativeEl ||
  document.querySelector('video') || {currentTime: 0, textTracks: []};
window.says = () => { const s = inside('.slate'); return s && !s.hidden ? s.querySelector('.line').textContent : ''; };
window.frame = () => {
  const v = picture();
  if (!v || !v.videoWidth || v.readyState < 2) return -1;
  const k = v.videoWidth / 640;
  pen.drawImage(v, 0, 8 * k, 384 * k, 16 * k, 0, 0, 12, 1);
  let bits;
  try { bits = pen.getImageData(0, 0, 12, 1).data; } catch { return -1; }
  let n = 0;
  for (let i = 0; i < 12; i++) if (bits[4 * i] > 127) n += 2 ** i;
  return n;
};
// watch notes ten times a second which picture is shown.
window.moves = [];
window.watch = () => { setInterval(() => window.moves.push([Date.now(), window.frame()]), 100); };
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(
  e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sourceFile + ':' + e.lineNumber));
`

// chromium is the one headless browser of all tests.
var chromium = sync.OnceValues(func() (context.Context, error) {
	dir, err := os.MkdirTemp("", "streamwatch-chromium-*")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.ExecPath("chromium"), chromedp.UserDataDir(dir), chromedp.WindowSize(1280, 800),
		chromedp.Flag("autoplay-policy", "document-user-activation-required"),
		chromedp.Flag("disable-background-networking", true),
		// Nothing leaves the machine, and a name that does not exist fails at once.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(alloc)
	atEnd(func() {
		stop()
		cancel()
		_ = os.RemoveAll(dir)
	})
	return ctx, chromedp.Do(ctx) // starts it
})

// browser opens a tab of its own for a test: no cookie, cache or storage is
// shared with another. Exceptions in its pages fail the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	proctest.Need(t, "chromium")
	shared, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var thrown []string
	ctx, stop := chromedp.NewContext(shared, chromedp.WithNewBrowserContext(), chromedp.WithListener(func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		if e, ok := ev.(*runtime.EventExceptionThrown); ok {
			d := e.ExceptionDetails
			thrown = append(thrown, fmt.Sprintf("%s %s %s:%d", d.Text, d.Exception.Description, d.URL, d.LineNumber))
		}
	}))
	t.Cleanup(func() {
		stop()
		mu.Lock()
		defer mu.Unlock()
		for _, e := range thrown {
			t.Errorf("exception in a page: %s", e)
		}
	})
	if _, err := chromedp.Call(ctx, cdppage.AddScriptToEvaluateOnNewDocument,
		cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: recorder}); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// eval runs an expression in the page and waits for its promise. It is no user
// gesture.
func eval[T any](ctx context.Context, t *testing.T, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("evaluating %s: %v", expression, err)
	}
	return v
}

// open loads a page without waiting for more than its load event.
func open(ctx context.Context, t *testing.T, url string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("opening %s: %v", url, err)
	}
}

// played waits until the picture has moved so many seconds in all.
func played(ctx context.Context, t *testing.T, want time.Duration) time.Duration {
	t.Helper()
	began, looked := time.Now(), time.Now()
	var last, sum float64
	for time.Since(began) < proctest.Patience {
		now := eval[float64](ctx, t, "picture().currentTime")
		if d := now - last; d > 0 && d < 2+time.Since(looked).Seconds() { // it played, and did not jump
			sum += d
		}
		last, looked = now, time.Now()
		if sum >= want.Seconds() {
			return time.Since(began)
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the picture moved %.1f s in %v, want %v; events %v, violations %v", sum, proctest.Patience, want,
		eval[[]any](ctx, t, "window.seen"), eval[[]string](ctx, t, "window.violations"))
	return 0
}

// preview serves a stream's embeds as the monitor does.
func preview(t *testing.T, manifest string, m player.Manifest, o player.Options) *httptest.Server {
	t.Helper()
	cfg, _, err := player.Derive(m, o)
	if err != nil {
		t.Fatal(err)
	}
	h, err := player.Preview("autumn-concert", "main", manifest, cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/embed/main/", h)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

// benchFacts are those of the stream of live: two variants, ten segments of two seconds.
func benchFacts() player.Manifest {
	return player.Manifest{
		Known: true, TargetDuration: 2 * time.Second, Window: 20 * time.Second, PDT: true,
		Bandwidths: []uint64{350_000, 620_000}, Width: 640, Height: 360,
	}
}

func TestPreviewPlays(t *testing.T) {
	t.Parallel()
	for _, kind := range []player.Kind{player.HLSJS, player.VideoJS, player.Native, player.IFrame} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			l := onAir(t, false)
			ctx := browser(t)
			srv := preview(t, l.url(), benchFacts(), player.Options{Title: "Autumn concert"})
			var segments atomic.Int32
			l.set(func(_ http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, ".ts") && r.Header.Get("Origin") == "null" {
					segments.Add(1)
				}
				return false
			})
			open(ctx, t, fmt.Sprintf("%s/embed/main/%s", srv.URL, kind))
			if kind == player.IFrame {
				// The frame is sandboxed, so the test cannot look inside. It asks for
				// more segments than its first buffer only if it plays.
				for deadline := time.Now().Add(20 * time.Second); segments.Load() < 6; time.Sleep(100 * time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatalf("the framed player asked for %d segments in 20 s", segments.Load())
					}
				}
				return
			}
			d := played(ctx, t, 3*time.Second)
			t.Logf("played 3 s after %v", d.Round(100*time.Millisecond))
			if v := eval[[]string](ctx, t, "window.violations"); len(v) > 0 {
				t.Errorf("the page violates its own policy: %v", v)
			}
			t.Log(eval[[]any](ctx, t, "window.seen"))
		})
	}
}

// click presses the mouse on a part of the player, which is a user's gesture.
func click(ctx context.Context, t *testing.T, selector string) {
	t.Helper()
	until(ctx, t, fmt.Sprintf("!!inside(%[1]q) && !inside(%[1]q).hidden", selector))
	at := eval[[2]float64](ctx, t,
		fmt.Sprintf("(() => { const r = inside(%q).getBoundingClientRect(); "+
			"return [r.x + r.width / 2, r.y + r.height / 2]; })()", selector))
	if err := chromedp.Do(ctx, chromedp.MouseClickXY(at[0], at[1])); err != nil {
		t.Fatalf("clicking %s: %v", selector, err)
	}
}

func TestAutoplay(t *testing.T) {
	long(t)
	l := onAir(t, false)
	ctx := browser(t)
	const muted = "picture().muted"

	t.Run("off asks for nothing before the click, then plays with sound", func(t *testing.T) {
		srv := preview(t, l.url(), benchFacts(), player.Options{Autoplay: player.Off})
		var asked atomic.Int32
		l.set(func(http.ResponseWriter, *http.Request) bool { asked.Add(1); return false })
		open(ctx, t, srv.URL+"/embed/main/hlsjs")
		time.Sleep(time.Second)
		if n := asked.Load(); n > 0 {
			t.Errorf("%d requests before the click", n)
		}
		click(ctx, t, ".play")
		played(ctx, t, 2*time.Second)
		if eval[bool](ctx, t, muted) {
			t.Error("the picture is silent")
		}
	})
	t.Run("any falls back to silence, and the button ends it", func(t *testing.T) {
		srv := preview(t, l.url(), benchFacts(), player.Options{Autoplay: player.Any})
		open(ctx, t, srv.URL+"/embed/main/hlsjs")
		played(ctx, t, 2*time.Second)
		if !eval[bool](ctx, t, muted) {
			t.Fatal("the browser let it play with sound")
		}
		click(ctx, t, ".unmute")
		played(ctx, t, 2*time.Second)
		if eval[bool](ctx, t, muted) {
			t.Error("still silent")
		}
	})
	t.Run("keys", func(t *testing.T) {
		press := func(key string) {
			eval[any](ctx, t, fmt.Sprintf("void picture().dispatchEvent(new KeyboardEvent('keydown', {key: %q, bubbles: true}))",
				key))
		}
		for _, c := range []struct{ key, state string }{{"m", muted}, {"k", "picture().paused"}} {
			was := eval[bool](ctx, t, c.state)
			if press(c.key); eval[bool](ctx, t, c.state) == was {
				t.Errorf("key %s does nothing", c.key)
			}
		}
	})
}
