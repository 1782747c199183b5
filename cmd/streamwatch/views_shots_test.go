package main_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// TestShotsOfViews takes the pictures of docs/page.md: an event of 30 streams with
// one that its edge keeps old, one whose encoder stands still and one in
// maintenance, and an event that has not begun.
func TestShotsOfViews(t *testing.T) {
	if os.Getenv(shotsEnv) == "" {
		t.Skip("takes two minutes; make shots runs it")
	}
	proctest.Need(t, "chromium")
	binary, ctx, board := buildBinary(t), startBrowser(t), sim.NewBoard()
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("stage-%02d", i+1))
	}
	sides := simulated(t, sim.Config{Streams: names, Faults: board})
	page := startEvent(t, binary, names, sides+fmt.Sprintf(
		"maintenance: [{from: %s, to: %s, streams: [stage-12], reason: the encoder is replaced}]\n",
		in(0), in(time.Hour)))
	visit(ctx, t, page, `document.getElementById("word").textContent === "ok"`)
	time.Sleep(time.Minute) // something to see in the plots
	for fault, stream := range map[string]string{"stale-edge": "stage-07", "stall": "stage-21"} {
		if err := board.Inject(sim.Injection{Fault: fault, Stream: stream}); err != nil {
			t.Fatal(err)
		}
	}
	visit(ctx, t, page+"#wall", `document.querySelectorAll("#wall-large .tile").length === 2`)
	time.Sleep(15 * time.Second)
	shoot(ctx, t, "page-wall")
	visit(ctx, t, page+"#stream=stage-07", `document.querySelectorAll(".incident").length >= 2`)
	do(ctx, t, `const cards = [...document.querySelectorAll(".incident")];
		cards.find(c => c.textContent.includes("stage-07")).querySelectorAll(".actions button")[1].click();
		document.getElementById("act-reason").value = "the CDN is looking into it";
		document.getElementById("act-by").value = "ana"`)
	shootView(ctx, t, "page-silence")
	do(ctx, t, `document.getElementById("act-go").click()`)
	waitOn(ctx, t, `!document.getElementById("act").open && document.querySelector(".handled")`)
	do(ctx, t, `const cards = [...document.querySelectorAll(".incident")];
		cards.find(c => c.textContent.includes("stage-07")).querySelector("h3 a").click()`)
	waitOn(ctx, t, `document.querySelectorAll("#around-figures canvas").length === 3 &&
		document.querySelector("#runbook-text p") && document.querySelector("#served .diff")`)
	time.Sleep(time.Second)
	shoot(ctx, t, "page-incident")
	board.Clear("", "", "")
	visit(ctx, t, page+"#incidents", `document.querySelectorAll("#list-rows .what").length >= 2 &&
		!document.querySelector("#list-rows strong")`)
	shootView(ctx, t, "page-incidents")

	waiting := startEvent(t, binary, []string{"later"}, sides+"starts: "+in(42*time.Minute)+"\n")
	visit(ctx, t, waiting, `document.getElementById("since").textContent.startsWith("starts in")`)
	shootView(ctx, t, "page-waiting")
}

// simulated serves an origin and an edge, and returns what an event file says of them.
func simulated(t *testing.T, c sim.Config) string {
	t.Helper()
	origin := httptest.NewServer(sim.NewOrigin(c))
	t.Cleanup(origin.Close)
	base, err := url.Parse(origin.URL)
	if err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(sim.NewEdge(edge.Config{Origin: base}, c.Faults, ""))
	t.Cleanup(served.Close)
	return fmt.Sprintf("origin: {url: %q}\ndistribution: {existing: {url: %q}}\n", origin.URL, served.URL)
}

// in is a moment from now on, as event files have it.
func in(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }

// startEvent watches an event of some streams and returns its page's URL.
func startEvent(t *testing.T, binary string, streams []string, keys string) string {
	t.Helper()
	return startPage(t, exec.Command(binary, "run", eventFile(t, "autumn-concert", streams, keys)))
}

// eventFile writes the file of an event, and returns its name.
func eventFile(t *testing.T, event string, streams []string, keys string) string {
	t.Helper()
	dir := t.TempDir()
	text := "event: " + event + "\nmonitor: {listen: \"127.0.0.1:0\"}\n" + keys +
		"output: " + filepath.Join(dir, "out") + "\nstreams:\n"
	var b strings.Builder
	for _, name := range streams {
		fmt.Fprintf(&b, "  - {name: %s, manifest: /%s/playlist.m3u8}\n", name, name)
	}
	file := filepath.Join(dir, "event.yaml")
	if err := os.WriteFile(file, []byte(text+b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// visit opens a page and waits for what it has to show.
func visit(ctx context.Context, t *testing.T, address, shows string) {
	t.Helper()
	err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 860), chromedp.Navigate("about:blank"),
		chromedp.Navigate(address))
	if err != nil {
		t.Fatal(err)
	}
	waitOn(ctx, t, shows)
	time.Sleep(2 * time.Second)
}

func do(ctx context.Context, t *testing.T, script string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[any]("{"+script+"}; 1")); err != nil {
		t.Fatal(err)
	}
}

// shootView takes what a screen shows, without what lies below it.
func shootView(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	save(t, name, picture, err)
}

// shrink writes a picture with the 256 colours that it has most of: a page has
// hardly more, and the file is a third as large.
func shrink(shot []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	type shade struct{ n, r, g, b int }
	shades, size := map[[3]uint8]*shade{}, full.Bounds()
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			r, g, b, _ := full.At(x, y).RGBA()
			key := [3]uint8{uint8(r >> 11), uint8(g >> 11), uint8(b >> 11)}
			s := shades[key]
			if s == nil {
				s = new(shade)
				shades[key] = s
			}
			s.n, s.r, s.g, s.b = s.n+1, s.r+int(r>>8), s.g+int(g>>8), s.b+int(b>>8)
		}
	}
	var most []*shade
	for _, s := range shades {
		most = append(most, s)
	}
	slices.SortFunc(most, func(a, b *shade) int { return b.n - a.n })
	var colours color.Palette
	for _, s := range most[:min(len(most), 256)] {
		colours = append(colours, color.RGBA{uint8(s.r / s.n), uint8(s.g / s.n), uint8(s.b / s.n), 255})
	}
	small := image.NewPaletted(size, colours)
	draw.Draw(small, size, full, size.Min, draw.Src)
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small)
	return out.Bytes(), err
}
