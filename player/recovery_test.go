package player_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
)

// tableEnv runs every row of the table, the first two on fMP4 too, and writes it:
// about ten minutes. Without it one row runs.
const tableEnv = "STREAMWATCH_PLAYER_TABLE"

// longEnv runs the tests that play in real time for a minute or more.
const longEnv = "STREAMWATCH_PLAYER_LONG"

// long skips a test in the normal run.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv(longEnv) == "" {
		t.Skip("plays in real time; set " + longEnv + "=1")
	}
}

// How long a page plays before a fault and after it.
const (
	before = 8 * time.Second
	after  = 12 * time.Second
	soon   = 6 * time.Second // in the normal run
)

// outage is one row of the recovery table.
type outage struct {
	name   string
	length time.Duration
	begin  func(t *testing.T, l *live)
	limit  map[player.Kind]time.Duration // of all stalls together
}

func outages() []outage {
	both := func(d time.Duration) map[player.Kind]time.Duration {
		return map[player.Kind]time.Duration{player.HLSJS: d, player.VideoJS: d}
	}
	return []outage{
		{"no fault", 0, func(*testing.T, *live) {}, both(300 * time.Millisecond)},
		{"503 for 10 s", 10 * time.Second, func(_ *testing.T, l *live) { l.set(status(503)) }, both(8 * time.Second)},
		{"404 for 10 s", 10 * time.Second, func(_ *testing.T, l *live) { l.set(status(404)) }, both(8 * time.Second)},
		{"playlist frozen for 15 s", 15 * time.Second, func(_ *testing.T, l *live) { l.set(l.frozen) }, both(13 * time.Second)},
		{
			"one segment missing", 25 * time.Second, func(_ *testing.T, l *live) { l.set(l.missing()) },
			map[player.Kind]time.Duration{player.HLSJS: time.Second, player.VideoJS: 8200 * time.Millisecond},
		},
		{"edge away for 4 s", 4 * time.Second, func(_ *testing.T, l *live) { l.set(reset) }, both(time.Second)},
	}
}

// result is what a viewer experienced.
type result struct {
	startup, stalled, latency float64 // seconds
	alive                     bool
}

func (r result) String() string {
	s := fmt.Sprintf("%.1f → %.1f", r.stalled, r.latency)
	if !r.alive {
		s += " dead"
	}
	return s
}

// barcode reads the frame number from the picture.
const barcode = `(() => {
  const v = document.querySelector('video'), c = document.createElement('canvas');
  const k = v.videoWidth / 640;
  c.width = v.videoWidth; c.height = 40 * k;
  const g = c.getContext('2d');
  g.drawImage(v, 0, 0);
  let n = 0;
  for (let i = 0; i < 12; i++) if (g.getImageData((i * 32 + 16) * k, 16 * k, 1, 1).data[0] > 127) n += 2 ** i;
  return n;
})()`

// observe measures what happened on the page since it was opened.
func observe(ctx context.Context, t *testing.T, l *live) result {
	t.Helper()
	moves := eval[[][2]float64](ctx, t, "window.moves")
	var r result
	var last float64 // when the picture moved last, ms
	for i := 1; i < len(moves); i++ {
		if moves[i][1] == moves[i-1][1] {
			continue
		}
		if gap := (moves[i][0] - last) / 1000; last > 0 && gap > 0.5 {
			r.stalled += gap - 0.1
		}
		last = moves[i][0]
	}
	r.alive = len(moves) > 0 && moves[len(moves)-1][0]-last < 2000
	r.startup = eval[float64](ctx, t, "(window.seen.find((e) => e.type === 'playing') || {seconds: -1}).seconds")
	frame := eval[float64](ctx, t, barcode)
	const wrap = float64(1<<frameBits) / 25
	r.latency = math.Mod(time.Since(l.started).Seconds()-frame/25+wrap, wrap)
	return r
}

// suffer plays a page through one outage.
func suffer(ctx context.Context, t *testing.T, l *live, url string, o outage, rest time.Duration) result {
	t.Helper()
	l.set(nil)
	open(ctx, t, url)
	played(ctx, t, before, 30*time.Second)
	o.begin(t, l)
	time.Sleep(o.length)
	if o.length < 20*time.Second {
		l.set(nil)
		time.Sleep(rest)
	}
	r := observe(ctx, t, l)
	if testing.Verbose() {
		t.Logf("%v %v", r, eval[[]any](ctx, t, "window.seen.filter((e) => e.fatal !== false).map((e) => [e.type, e.seconds || e.reason, (e.at - window.seen[0].at) / 1000])"))
	}
	l.set(nil)
	return r
}

// early opens a page before its stream exists and sees the stream end: the page
// starts by itself, says when it is over, and asks no more. It returns how long
// after the first segment the picture moved.
func early(ctx context.Context, t *testing.T, kind player.Kind, wait time.Duration) float64 {
	t.Helper()
	l := newLive(t)
	srv := preview(t, l.url(), player.Manifest{}, player.Options{})
	open(ctx, t, srv.URL+"/embed/main/"+string(kind))
	time.Sleep(wait)
	if text := eval[string](ctx, t, line); text != "Waiting for the stream" {
		t.Errorf("the slate says %q", text)
	}
	l.start(t, false)
	l.wait(t, 1)
	exists := time.Now()
	played(ctx, t, time.Second, 30*time.Second)
	started := time.Since(exists).Seconds() - 1
	played(ctx, t, 4*time.Second, 30*time.Second)
	l.end()
	ended := eval[bool](ctx, t, `new Promise((done) => {
		const look = setInterval(() => {
			if (!window.seen.some((e) => e.type === 'ended')) return;
			clearInterval(look);
			done(true);
		}, 100);
		setTimeout(() => done(false), 25000);
	})`)
	if text := eval[string](ctx, t, line); !ended || text != "The stream has ended" {
		t.Fatalf("ended %v, the slate says %q; events %v", ended, text, eval[[]any](ctx, t, "window.seen"))
	}
	var asked atomic.Int32
	l.set(func(http.ResponseWriter, *http.Request) bool { asked.Add(1); return false })
	time.Sleep(5 * time.Second)
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests after the end", n)
	}
	return started
}

// line is what the slate says.
const line = "document.querySelector('.streamwatch-line').textContent"

func TestPageOpenedEarly(t *testing.T) {
	long(t)
	need(t, "ffmpeg", "chromium")
	ctx := browser(t)
	for _, kind := range []player.Kind{player.HLSJS, player.VideoJS} {
		t.Run(string(kind), func(t *testing.T) {
			t.Logf("plays %.1f s after the first segment", early(ctx, t, kind, 4*time.Second))
		})
	}
}

// A viewer who went back stays there; the one at the edge is brought back to it.
func TestDVRViewerIsNotYanked(t *testing.T) {
	long(t)
	need(t, "ffmpeg", "chromium")
	ctx := browser(t)
	l := newLive(t)
	l.start(t, false)
	l.wait(t, 9)
	for _, kind := range []player.Kind{player.HLSJS, player.VideoJS} {
		t.Run(string(kind), func(t *testing.T) {
			srv := preview(t, l.url(), benchFacts(), player.Options{DVR: player.On})
			open(ctx, t, srv.URL+"/embed/main/"+string(kind))
			played(ctx, t, 3*time.Second, 30*time.Second)
			eval[any](ctx, t, "void (document.querySelector('video').currentTime -= 8)")
			played(ctx, t, 6*time.Second, 30*time.Second)
			if n := eval[int](ctx, t, "window.seen.filter((e) => e.type === 'golive').length"); n > 0 {
				t.Error("the viewer was pulled back to live")
			}
			if r := observe(ctx, t, l); r.latency < 12 {
				t.Errorf("%.1f s behind, want the 8 s that the viewer went back on top", r.latency)
			}
			eval[any](ctx, t, "document.querySelector('.streamwatch').dispatchEvent(new KeyboardEvent('keydown', {key: 'l'}))")
			played(ctx, t, 2*time.Second, 30*time.Second)
			if r := observe(ctx, t, l); r.latency > 11 {
				t.Errorf("%.1f s behind after going live", r.latency)
			}
		})
	}
}

// judge fails the test when a viewer fared worse than the row allows.
func (o outage) judge(t *testing.T, kind player.Kind, r result) {
	t.Helper()
	if !r.alive {
		t.Error("the page is dead")
	}
	if limit := o.limit[kind].Seconds(); r.stalled > limit {
		t.Errorf("stalled %.1f s, limit %.1f s", r.stalled, limit)
	}
	if r.latency > 12+2 { // 6 × target duration, and the time to encode a segment
		t.Errorf("%.1f s behind at the end", r.latency)
	}
}

// hls.js by itself never plays again after four seconds without an answer.
func TestRecovery(t *testing.T) {
	if testing.Short() {
		t.Skip("plays in real time")
	}
	need(t, "ffmpeg", "chromium")
	ctx := browser(t)
	l := newLive(t)
	l.start(t, false)
	l.wait(t, 4)
	srv := preview(t, l.url(), benchFacts(), player.Options{})
	list := outages()
	o := list[len(list)-1]
	o.judge(t, player.HLSJS, suffer(ctx, t, l, srv.URL+"/embed/main/hlsjs", o, soon))
}

// TestRecoveryTable measures every row and writes RECOVERY.md.
func TestRecoveryTable(t *testing.T) {
	if os.Getenv(tableEnv) == "" {
		t.Skip("takes ten minutes; set " + tableEnv + "=1")
	}
	need(t, "ffmpeg", "chromium")
	ctx := browser(t)
	var startup, survival, waiting strings.Builder
	kinds := []player.Kind{player.HLSJS, player.VideoJS}
	for _, container := range []string{"TS", "fMP4"} {
		l := newLive(t)
		l.start(t, container == "fMP4")
		l.wait(t, 4)
		srv := preview(t, l.url(), benchFacts(), player.Options{})
		rows := outages()
		if container == "fMP4" {
			rows = rows[:2] // recovery does not look into segments
		}
		for _, o := range rows {
			fmt.Fprintf(&survival, "| %s | %s |", o.name, container)
			for _, kind := range kinds {
				t.Run(fmt.Sprintf("%s/%s/%s", container, o.name, kind), func(t *testing.T) {
					r := suffer(ctx, t, l, srv.URL+"/embed/main/"+string(kind), o, after)
					fmt.Fprintf(&survival, " %s |", r)
					if o.length == 0 {
						fmt.Fprintf(&startup, "| %s | %s | %.2f | %.1f |\n", kind, container, r.startup, r.latency)
					}
					o.judge(t, kind, r)
				})
			}
			survival.WriteString("\n")
		}
		l.kill()
	}
	for _, kind := range kinds {
		t.Run(fmt.Sprintf("early/%s", kind), func(t *testing.T) {
			fmt.Fprintf(&waiting, " %.1f |", early(ctx, t, kind, 30*time.Second))
		})
	}
	text := fmt.Sprintf(recoveryDoc, &startup, &survival, &waiting)
	if err := os.WriteFile("RECOVERY.md", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const recoveryDoc = `# What the embeds survive

Measured, not promised: TestRecoveryTable writes this page (STREAMWATCH_PLAYER_TABLE=1 go test -run TestRecoveryTable -timeout 1h ./player).
Headless Chromium, ffmpeg's live H.264 and AAC, two variants, two-second segments, ten listed. Latency is from encoder to picture, read
from a frame number in the picture. All figures are seconds.

## Without a fault

| page | container | startup | latency |
|---|---|---|---|
%s
## Through a fault

All stalls together → latency 12 s after the fault.

| fault | container | hls.js page | Video.js page |
|---|---|---|---|
%s
## Opened 30 s before the stream exists

From the first segment to a moving picture. Each page then says that the stream has ended, and asks for nothing more.

| hls.js page | Video.js page |
|---|---|
|%s
`
