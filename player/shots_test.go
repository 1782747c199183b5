package player_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/streamwatch/streamwatch/player"
)

// shotsEnv names the folder of the pictures of docs/embeds.md; `make shots`
// sets it. Without it the test looks, and keeps nothing.
const shotsEnv = "STREAMWATCH_SHOTS"

// maxShot is the largest picture that the repository takes, in bytes.
const maxShot = 150 << 10

const (
	slateSays = `(() => { const s = inside('.slate'); return !s || s.hidden ? '' : s.innerText; })()`
	focused   = `(document.activeElement.shadowRoot && document.activeElement.shadowRoot.activeElement || ` +
		`document.activeElement)`
	// The ring of a picture with the browser's own controls is drawn over it; of
	// the stops inside it only the browser knows. After the last stop comes the window.
	ringOf = `((e) => {
		if (e === document.body || e.matches('video') && (!e.matches(':focus-visible') ||
			getComputedStyle(inside('.stage'), '::after').boxShadow !== 'none')) return 'solid 3px';
		const s = getComputedStyle(e);
		return s.outlineStyle + ' ' + s.outlineWidth;
	})(` + focused + `)`
)

// Every state of a page looks as it should: what it says is seen, on a narrow
// screen and on a wide one, and who uses the keyboard sees where he is.
func TestShots(t *testing.T) {
	t.Parallel()
	l := onAir(t, false)
	opt := player.Options{Title: "Autumn concert", Starts: time.Now().Add(50*time.Hour + 4*time.Minute)}
	live := preview(t, l.url(), benchFacts(), opt).URL + "/embed/main/"
	for name, look := range map[string]func(ctx context.Context, t *testing.T){
		"hlsjs": func(ctx context.Context, t *testing.T) {
			view(ctx, t, 1280, 720, live+"hlsjs")
			played(ctx, t, 2*time.Second)
			// A movement of the mouse shows the controls.
			if err := chromedp.Do(ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 640, 400)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond)
			keep(ctx, t, "embed-hlsjs")
			view(ctx, t, 1280, 800, live+"index")
			keep(ctx, t, "embed-index")
		},
		"videojs": func(ctx context.Context, t *testing.T) {
			view(ctx, t, 640, 360, live+"videojs")
			played(ctx, t, 2*time.Second)
			tab(ctx, t, "unmute")
			keep(ctx, t, "embed-videojs")
		},
		"waiting": func(ctx context.Context, t *testing.T) {
			waiting := preview(t, "http://127.0.0.1:9/none.m3u8", benchFacts(), opt).URL + "/embed/main/"
			for _, size := range [][2]int64{{1280, 720}, {320, 180}} {
				for _, kind := range []string{"hlsjs", "videojs", "native"} {
					view(ctx, t, size[0], size[1], waiting+kind)
					until(ctx, t, fmt.Sprintf(`/^Waiting for the stream\n+\S.*\n+2 d 02:0\d:\d\d\n+Add to calendar/.test(%s)`,
						slateSays))
				}
			}
			keep(ctx, t, "embed-waiting")
		},
		"ended": func(ctx context.Context, t *testing.T) {
			over := onAir(t, false)
			over.set(over.ended())
			ended := preview(t, over.url(), benchFacts(), opt).URL + "/embed/main/"
			for _, kind := range []string{"native", "videojs", "hlsjs"} {
				view(ctx, t, 640, 360, ended+kind)
				until(ctx, t, "picture().duration > 1 && picture().readyState > 2")
				eval[any](ctx, t, "void (picture().currentTime = picture().duration - 1)")
				until(ctx, t, "picture().ended")
				time.Sleep(time.Second) // the page looks four times a second
				if says := eval[string](ctx, t, slateSays); says != "The stream has ended\n\nReload" {
					t.Errorf("%s: at the end the slate shows %q", kind, says)
				}
			}
			keep(ctx, t, "embed-ended")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := browser(t)
			focus(ctx, t)
			look(ctx, t)
		})
	}
}

// focus makes the page believe that its window is the one in use.
func focus(ctx context.Context, t *testing.T) {
	t.Helper()
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled,
		emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
}

// press lets the keyboard send keys. As with a real one a key that the page has
// taken types no character: chromedp's KeyEvent types it anyway.
func press(ctx context.Context, t *testing.T, keys string) {
	t.Helper()
	for _, key := range keys {
		events := kb.Encode(key)
		down, up := *events[0], *events[len(events)-1]
		down.Text, down.UnmodifiedText = events[len(events)/2].Text, events[len(events)/2].UnmodifiedText
		for _, event := range []input.DispatchKeyEventParams{down, up} {
			if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, event); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// view opens a page at a size. No page is wider than its window.
func view(ctx context.Context, t *testing.T, width, height int64, url string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
	open(ctx, t, url)
	if wide := eval[int64](ctx, t, "document.documentElement.scrollWidth"); wide > width {
		t.Errorf("%s is %d px wide in a window of %d", url, wide, width)
	}
}

// until waits for an expression to hold, as long as a busy machine may need.
func until(ctx context.Context, t *testing.T, expression string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if eval[bool](ctx, t, expression) {
			return
		}
	}
	t.Fatalf("waited for %s; the page says %q", expression, eval[string](ctx, t, "document.body.innerText"))
}

// tab goes through the page by keyboard until a part has the focus, and requires
// that each stop is seen.
func tab(ctx context.Context, t *testing.T, class string) {
	t.Helper()
	var stops []string
	for range 30 {
		press(ctx, t, "\t")
		stop := eval[string](ctx, t, focused+".outerHTML.slice(0, 80)")
		stops = append(stops, stop)
		if ring := eval[string](ctx, t, ringOf); ring != "solid 3px" {
			t.Errorf("the focus on %s is shown as %q", stop, ring)
		}
		if eval[bool](ctx, t, fmt.Sprintf(focused+".classList.contains(%q)", class)) {
			return
		}
	}
	t.Fatalf("%s cannot be reached by keyboard: stops %q, events %v", class, stops, eval[[]any](ctx, t, "window.seen"))
}

// keep stores what the window shows, in at most 256 colours.
func keep(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	full, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, reduce(full)); err != nil {
		t.Fatal(err)
	}
	if small.Len() > maxShot {
		t.Errorf("%s has %d bytes", name, small.Len())
	}
	if dir := os.Getenv(shotsEnv); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), small.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// reduce paints a picture with the colours that it has most, rounded to five
// bits each: flat areas stay flat, and text stays sharp.
func reduce(full image.Image) *image.Paletted {
	counts := map[color.NRGBA]int{}
	at := full.Bounds()
	rounded := func(x, y int) color.NRGBA {
		c := color.NRGBAModel.Convert(full.At(x, y)).(color.NRGBA)
		return color.NRGBA{c.R&^7 | c.R>>5, c.G&^7 | c.G>>5, c.B&^7 | c.B>>5, 255}
	}
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			counts[rounded(x, y)]++
		}
	}
	colours := make([]color.NRGBA, 0, len(counts))
	for c := range counts {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.NRGBA) int { return cmp.Compare(counts[b], counts[a]) })
	palette := color.Palette{}
	for _, c := range colours[:min(256, len(colours))] {
		palette = append(palette, c)
	}
	small := image.NewPaletted(at, palette)
	draw.Draw(small, at, full, at.Min, draw.Src)
	return small
}
