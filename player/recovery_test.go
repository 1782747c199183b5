package player_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// tableEnv runs every row of the table so many times, and writes it: an hour
// and a half for each. Without it the rows run that are marked.
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

// spans is how long a page plays before a fault and after it.
type spans struct{ before, after time.Duration }

var (
	table  = spans{8 * time.Second, 12 * time.Second}
	normal = spans{4 * time.Second, 3 * time.Second} // in the normal run
)

// bench is a live stream with an edge before it.
type bench struct {
	*live
	t     *testing.T
	fmp4  bool
	nginx *nginxEdge
	ours  string // base URL of the edge of `distribution: local`
}

// newBench puts edges before a stream: that of all benches, or one of its own
// where the row does something to the encoder.
func newBench(t *testing.T, container string, o outage) *bench {
	t.Helper()
	fmp4 := container == "fMP4"
	if !o.encoder {
		return behindEdges(t, onAir(t, fmp4))
	}
	b := behindEdges(t, newLive(t))
	b.fmp4 = fmp4
	b.start(t, b.fmp4)
	b.wait(t, 4)
	return b
}

func behindEdges(t *testing.T, l *live) *bench {
	t.Helper()
	return &bench{live: l, t: t, nginx: l.behindNginx(t), ours: l.behindOurEdge(t)}
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

// observe measures what happened on the page since it was opened. Only pictures
// that were not shown before count: a page that plays old ones again stalls.
func observe(ctx context.Context, t *testing.T, l *live) result {
	t.Helper()
	moves := eval[[][2]float64](ctx, t, "window.moves")
	const wrap = 1 << frameBits
	var r result
	newest, last := -1.0, 0.0 // frame shown, and when, ms
	for _, m := range moves {
		ahead := math.Mod(m[1]-newest+wrap, wrap)
		if m[1] < 0 || newest >= 0 && (ahead == 0 || ahead > wrap/2) {
			continue
		}
		if gap := (m[0] - last) / 1000; last > 0 && gap > 0.5 {
			r.stalled += gap - 0.1
			if testing.Verbose() {
				t.Logf("stalled %.1f s at %.1f s", gap-0.1, (last-moves[0][0])/1000)
			}
		}
		newest, last = m[1], m[0]
	}
	r.alive = len(moves) > 0 && last > 0 && moves[len(moves)-1][0]-last < 2000
	r.startup = eval[float64](ctx, t, "(window.seen.find((e) => e.type === 'playing') || {seconds: -1}).seconds")
	frame := eval[float64](ctx, t, "window.frame()")
	r.latency = math.Mod(time.Since(l.started).Seconds()-frame/25+wrap/25.0, wrap/25.0)
	return r
}

// suffer plays a page through one outage. The page is opened a while after a
// segment was published: how far behind live it is, and what it has buffered when
// the fault comes, depend on that.
func suffer(
	ctx context.Context, t *testing.T, b *bench, kind player.Kind, o outage, phase time.Duration, s spans,
) result {
	t.Helper()
	b.set(nil)
	front := b.front
	defer func() { b.front = front }()
	if o.ours {
		b.front = b.ours
	}
	srv := preview(t, b.url(), benchFacts(), player.Options{})
	defer srv.Close()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(700, 420)); err != nil { // little to draw: pages run side by side
		t.Fatal(err)
	}
	b.published(t)
	time.Sleep(phase)
	open(ctx, t, pageOf(t, srv.Config.Handler, b.url(), kind, new(atomic.Int64)))
	eval[any](ctx, t, "void watch()")
	played(ctx, t, s.before)
	o.begin(b)
	if o.off {
		offline(ctx, t, true)
	}
	time.Sleep(o.length)
	if o.off {
		offline(ctx, t, false)
	}
	if o.name != "one segment missing" {
		if o.end != nil {
			o.end(b)
		}
		b.set(nil)
		time.Sleep(s.after)
	}
	r := observe(ctx, t, b.live)
	if testing.Verbose() {
		t.Logf("%v %v", r, eval[[]any](ctx, t, "window.seen.filter((e) => e.fatal !== false).map((e) => [e.type, "+
			"e.seconds || e.reason, (e.at - window.seen[0].at) / 1000])"))
	}
	b.set(nil)
	return r
}

// early opens a page before its stream exists and sees the stream end: the page
// starts by itself, says when it is over, and asks no more. It returns how long
// after the first segment the picture moved.
func early(ctx context.Context, t *testing.T, kind player.Kind, wait time.Duration) float64 {
	t.Helper()
	l := newLive(t)
	srv := preview(t, l.url(), player.Manifest{}, player.Options{Ends: time.Now().Add(wait)})
	open(ctx, t, srv.URL+"/embed/main/"+string(kind))
	time.Sleep(wait)
	if text := eval[string](ctx, t, line); text != "Waiting for the stream" {
		t.Errorf("the slate says %q", text)
	}
	l.start(t, false)
	l.wait(t, 1)
	exists := time.Now()
	played(ctx, t, time.Second)
	started := time.Since(exists).Seconds() - 1
	played(ctx, t, 4*time.Second)
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
const line = "says()"

func TestPageOpenedEarly(t *testing.T) {
	long(t)
	proctest.Need(t, "ffmpeg", "chromium")
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
	proctest.Need(t, "ffmpeg", "chromium")
	ctx := browser(t)
	l := newLive(t)
	l.start(t, false)
	l.wait(t, 9)
	for _, kind := range []player.Kind{player.HLSJS, player.VideoJS} {
		t.Run(string(kind), func(t *testing.T) {
			srv := preview(t, l.url(), benchFacts(), player.Options{DVR: player.On})
			open(ctx, t, srv.URL+"/embed/main/"+string(kind))
			played(ctx, t, 3*time.Second)
			eval[any](ctx, t, "void (picture().currentTime -= 8)")
			played(ctx, t, 6*time.Second)
			if n := eval[int](ctx, t, "window.seen.filter((e) => e.type === 'golive').length"); n > 0 {
				t.Error("the viewer was pulled back to live")
			}
			if r := observe(ctx, t, l); r.latency < 12 {
				t.Errorf("%.1f s behind, want the 8 s that the viewer went back on top", r.latency)
			}
			eval[any](ctx, t, "picture().dispatchEvent(new KeyboardEvent('keydown', {key: 'l', bubbles: true}))")
			played(ctx, t, 2*time.Second)
			if r := observe(ctx, t, l); r.latency > 11 {
				t.Errorf("%.1f s behind after going live", r.latency)
			}
		})
	}
}

// hls.js by itself never plays again after four seconds without an answer, and
// waits for a variant that stopped for as long as it does.
func TestRecovery(t *testing.T) {
	if testing.Short() {
		t.Skip("plays in real time")
	}
	proctest.Need(t, "nginx")
	for _, o := range outages() {
		if !o.always {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			t.Parallel() // with each other, and before the tests that keep the machine busy
			b := behindEdges(t, onAir(t, false))
			ctx := browser(t)
			var complaint string
			for range 3 { // a busy machine stalls a picture by itself
				if complaint = o.complaint(player.HLSJS, suffer(ctx, t, b, player.HLSJS, o, 0, normal)); complaint == "" {
					return
				}
			}
			t.Error(complaint)
		})
	}
}
