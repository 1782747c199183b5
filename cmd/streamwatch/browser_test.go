package main_test

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestDemoInABrowser is what a newcomer sees: the demo's previews play, a fault
// that is injected appears on the page with its culprit, and goes away again.
func TestDemoInABrowser(t *testing.T) {
	needTools(t, "chromium")
	page := startDemo(t, buildBinary(t))
	ctx := startBrowser(t)
	for _, kind := range []string{"hlsjs", "videojs"} {
		if err := chromedp.Do(ctx, chromedp.Navigate(page+"embed/main/"+kind)); err != nil {
			t.Fatal(err)
		}
		waitOn(ctx, t, `document.querySelector("stream-watch-player")?.video?.currentTime > 0`, 30*time.Second)
		first := playhead(ctx, t)
		time.Sleep(3 * time.Second)
		if later := playhead(ctx, t); later-first < 1 {
			t.Errorf("%s: currentTime went from %.1f to %.1f in 3 s", kind, first, later)
		}
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	waitOn(ctx, t, `document.querySelector("h1, #verdict, [data-verdict]") && /\bOK\b/i.test(document.body.innerText)`, 30*time.Second)
	demoFault(t, page, http.MethodPost)
	waitOn(ctx, t, `document.body.innerText.includes("Blame: the CDN") && /edge\.lag|edge\.age|upd\.stale/.test(document.body.innerText)`, 30*time.Second)
	demoFault(t, page, http.MethodDelete)
	waitOn(ctx, t, `!document.body.innerText.includes("Blame: the CDN")`, time.Minute)
}

func playhead(ctx context.Context, t *testing.T) float64 {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`document.querySelector("stream-watch-player").video.currentTime`))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// waitOn waits until an expression holds on the page.
func waitOn(ctx context.Context, t *testing.T, expression string, limit time.Duration) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`Boolean(`+expression+`)`)); err == nil && ok {
			return
		}
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	t.Fatalf("waited %s in vain for %s (%v) on:\n%s", limit, expression, err, text)
}

// startDemo starts the demo and returns its page's URL.
func startDemo(t *testing.T, binary string) string {
	t.Helper()
	return startPage(t, exec.Command(binary, "demo", "--output", filepath.Join(t.TempDir(), "out")))
}

// startPage starts streamwatch and returns its page's URL.
func startPage(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, "streamwatch", cmd, os.Interrupt)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) == 2 && f[0] == "page" {
			go func() {
				for lines.Scan() { // the rest is nobody's
				}
			}()
			return f[1]
		}
	}
	t.Fatal("streamwatch printed no page")
	return ""
}

func startBrowser(t *testing.T) context.Context {
	t.Helper()
	allocator, cancelAllocator := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"))...)
	t.Cleanup(cancelAllocator)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	limited, stop := context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(stop)
	return limited
}

// demoFault injects (POST) or clears (DELETE) a stale edge.
func demoFault(t *testing.T, page, method string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, page+"api/v1/demo/faults", strings.NewReader(`{"name":"stale-edge","stream":"main"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		t.Fatalf("%s of a fault: status %d", method, res.StatusCode)
	}
}
