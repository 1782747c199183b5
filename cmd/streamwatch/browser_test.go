package main_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// TestDemoInABrowser is what a newcomer sees: the demo's previews play, a fault
// that is injected appears on the page with its culprit, and goes away again.
func TestDemoInABrowser(t *testing.T) {
	t.Parallel()
	proctest.Need(t, "chromium")
	page := startDemo(t, buildBinary(t))
	ctx := startBrowser(t)
	for _, kind := range []string{"hlsjs", "videojs"} {
		if err := chromedp.Do(ctx, chromedp.Navigate(page+"embed/main/"+kind)); err != nil {
			t.Fatal(err)
		}
		plays(ctx, t)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	waitOn(ctx, t, `document.querySelector("h1, #verdict, [data-verdict]") && /\bOK\b/i.test(document.body.innerText)`)
	demoFault(t, page, http.MethodPost)
	waitOn(ctx, t, `document.body.innerText.includes("Blame: the CDN") && `+
		`/edge\.lag|edge\.age|upd\.stale/.test(document.body.innerText)`)
	demoFault(t, page, http.MethodDelete)
	waitOn(ctx, t, `!document.body.innerText.includes("Blame: the CDN")`)
}

// plays waits until the player of a page plays, and goes on.
func plays(ctx context.Context, t *testing.T) {
	t.Helper()
	const playhead = `document.querySelector("stream-watch-player")?.video?.currentTime`
	waitOn(ctx, t, playhead+` > 0`)
	first, err := chromedp.Run(ctx, chromedp.Evaluate[float64](playhead))
	if err != nil {
		t.Fatal(err)
	}
	waitOn(ctx, t, fmt.Sprintf(`%s > %f`, playhead, first+1))
}

// waitOn waits until an expression holds on the page.
func waitOn(ctx context.Context, t *testing.T, expression string) {
	t.Helper()
	for end := time.Now().Add(proctest.Patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`Boolean(`+expression+`)`)); err == nil && ok {
			return
		}
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	t.Fatalf("waited %s in vain for %s (%v) on:\n%s", proctest.Patience, expression, err, text)
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
	start(t, "streamwatch", cmd, syscall.SIGINT)
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
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"))...)
	t.Cleanup(cancelAllocator)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	limited, stop := context.WithTimeout(ctx, 4*proctest.Patience)
	t.Cleanup(stop)
	return limited
}

// demoFault injects (POST) or clears (DELETE) a stale edge.
func demoFault(t *testing.T, page, method string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, page+"api/v1/demo/faults",
		strings.NewReader(`{"name":"stale-edge","stream":"main"}`))
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
