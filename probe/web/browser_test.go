package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

var screens = flag.String("screens", "", "folder for screenshots of the page, to be looked at")

// browser starts Chromium and returns a context and what it complained about:
// console errors, exceptions, violations of the policy, requests that left.
func browser(t *testing.T) (context.Context, func() []string) {
	t.Helper()
	path := proctest.Find(t, "chromium", "")
	allocator, cancelAllocator := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true))...)
	t.Cleanup(cancelAllocator)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)

	var mu sync.Mutex
	var complaints []string
	complain := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, fmt.Sprintf(format, args...))
	}
	listen := func(ev any) {
		switch e := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			if len(e.Args) > 0 && (e.Type == runtime.ConsoleAPICalledTypeError ||
				e.Type == runtime.ConsoleAPICalledTypeWarning) {
				complain("console %s: %s", e.Type, e.Args[0].Value)
			}
		case *runtime.EventExceptionThrown:
			complain("exception: %s", e.ExceptionDetails.Exception.Description)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
				complain("log: %s %s", e.Entry.Text, e.Entry.URL)
			}
		case *network.EventRequestWillBeSent:
			if u := e.Request.URL; !strings.HasPrefix(u, "http://127.0.0.1:") && !strings.HasPrefix(u, "about:") &&
				!strings.HasPrefix(u, "data:") {
				complain("request to %s", u)
			}
		}
	}
	if err := chromedp.Listen(ctx, listen); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	_, errLog := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	_, errNetwork := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	if err := errors.Join(errLog, errNetwork); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return complaints
	}
}

func run(ctx context.Context, t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, proctest.Patience)
	defer cancel()
	if err := chromedp.Do(limited, actions...); err != nil {
		t.Fatal(err)
	}
}

func eval[T any](ctx context.Context, t *testing.T, expression string) T {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, proctest.Patience)
	defer cancel()
	v, err := chromedp.Run(limited, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("evaluating %s: %v", expression, err)
	}
	return v
}

// until waits for a JavaScript expression to become true.
func until(ctx context.Context, t *testing.T, expression string) {
	t.Helper()
	for end := time.Now().Add(proctest.Patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if eval[bool](ctx, t, "!!("+expression+")") {
			return
		}
	}
	t.Fatalf("%s did not become true in %s; the page says:\n%.800s",
		expression, proctest.Patience, eval[string](ctx, t, "document.body.innerText"))
}

func shoot(ctx context.Context, t *testing.T, name string, width, height int64, dark bool) {
	t.Helper()
	if *screens == "" {
		return
	}
	emulate(ctx, t, map[bool]string{true: "dark", false: "light"}[dark])
	run(ctx, t, chromedp.EmulateViewport(width, height), chromedp.Sleep(700*time.Millisecond))
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screens, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

func emulate(ctx context.Context, t *testing.T, scheme string) {
	t.Helper()
	feature := emulation.MediaFeature{Name: "prefers-color-scheme", Value: scheme}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{&feature}}); err != nil {
		t.Fatal(err)
	}
}

// axeCore returns an expression that gives what the accessibility checker of
// the embeds' tests finds wrong, a line each.
func axeCore(t *testing.T) string {
	t.Helper()
	packed, err := os.ReadFile("../../player/testdata/axe.min.js.gz")
	if err != nil {
		t.Fatal("axe-core stands in the repository: ", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	script, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(script) + `;axe.run(document, {iframes: false}).then(r => r.violations.map(v => ` +
		`v.id + ": " + v.nodes.map(n => n.html.slice(0, 120)).join(" | ")).join("\n"))`
}

// click presses the mouse on an element, and on the one in its place where the page
// is drawn again between finding it and pressing.
func click(selector string) chromedp.Action[chromedp.Void] {
	press := chromedp.Click(chromedp.CSS(selector))
	return func(ctx context.Context, target *chromedp.Target) (void chromedp.Void, err error) {
		for range 20 {
			if void, err = press(ctx, target); err == nil || !replaced(err) {
				break
			}
		}
		return void, err
	}
}

// replaced says whether an element went away while it was looked at.
func replaced(err error) bool {
	text := err.Error()
	return strings.Contains(text, "Could not find node") || strings.Contains(text, "No node with given id")
}
