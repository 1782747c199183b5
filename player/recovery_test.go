package player_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
)

// tableEnv runs every row of the table, on both containers, and writes it:
// about 25 minutes. Without it the test runs the rows marked short.
const tableEnv = "STREAMWATCH_PLAYER_TABLE"

// settle is how long a page plays before a fault and how long after it.
const (
	before = 8 * time.Second
	after  = 22 * time.Second
)

// outage is one row of the recovery table.
type outage struct {
	name   string
	length time.Duration
	begin  func(t *testing.T, l *live)
	limit  map[player.Kind]time.Duration // of all stalls together
	short  bool
}

func outages() []outage {
	both := func(d time.Duration) map[player.Kind]time.Duration {
		return map[player.Kind]time.Duration{player.HLSJS: d, player.VideoJS: d}
	}
	return []outage{
		{"no fault", 0, func(*testing.T, *live) {}, both(0), false},
		{"503 for 10 s", 10 * time.Second, func(_ *testing.T, l *live) { l.set(status(503)) }, both(8 * time.Second), true},
		{"404 for 10 s", 10 * time.Second, func(_ *testing.T, l *live) { l.set(status(404)) }, both(8 * time.Second), false},
		{"playlist frozen for 15 s", 15 * time.Second, func(_ *testing.T, l *live) { l.set(l.frozen) }, both(13 * time.Second), false},
		{
			"one segment missing", 25 * time.Second, func(_ *testing.T, l *live) { l.set(l.missing()) },
			map[player.Kind]time.Duration{player.HLSJS: time.Second, player.VideoJS: 8200 * time.Millisecond}, false,
		},
		{"edge away for 4 s", 4 * time.Second, func(_ *testing.T, l *live) { l.set(reset) }, both(time.Second), false},
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
func observe(t *testing.T, ctx context.Context, l *live) result {
	t.Helper()
	moves := eval[[][2]float64](t, ctx, "window.moves")
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
	r.startup = eval[float64](t, ctx, "(window.seen.find((e) => e.type === 'playing') || {seconds: -1}).seconds")
	frame := eval[float64](t, ctx, barcode)
	const wrap = float64(1<<frameBits) / 25
	r.latency = math.Mod(time.Since(l.started).Seconds()-frame/25+wrap, wrap)
	return r
}

// suffer plays a page through one outage.
func suffer(t *testing.T, ctx context.Context, l *live, url string, o outage) result {
	t.Helper()
	l.set(nil)
	open(t, ctx, url)
	played(t, ctx, before, 30*time.Second)
	o.begin(t, l)
	time.Sleep(o.length)
	if o.length < 20*time.Second {
		l.set(nil)
		time.Sleep(after)
	}
	r := observe(t, ctx, l)
	if testing.Verbose() {
		t.Logf("%v %v", r, eval[[]any](t, ctx, "window.seen.filter((e) => e.fatal !== false).map((e) => [e.type, e.seconds || e.reason, (e.at - window.seen[0].at) / 1000])"))
	}
	l.set(nil)
	return r
}

func TestRecovery(t *testing.T) {
	need(t, "ffmpeg", "chromium")
	whole := os.Getenv(tableEnv) != ""
	if testing.Short() {
		t.Skip("plays in real time")
	}
	ctx := browser(t)
	var table strings.Builder
	for _, container := range []string{"TS", "fMP4"} {
		if !whole && container != "TS" {
			continue
		}
		l := newLive(t)
		l.start(t, container == "fMP4")
		l.wait(t, 4)
		srv := preview(t, l.url(), benchFacts(), player.Options{})
		for _, o := range outages() {
			if !whole && !o.short {
				continue
			}
			fmt.Fprintf(&table, "| %s, %s ", o.name, container)
			for _, kind := range []player.Kind{player.HLSJS, player.VideoJS} {
				t.Run(fmt.Sprintf("%s/%s/%s", container, o.name, kind), func(t *testing.T) {
					r := suffer(t, ctx, l, srv.URL+"/embed/main/"+string(kind), o)
					fmt.Fprintf(&table, "| %.1f s | %s ", r.startup, r)
					if !r.alive {
						t.Error("the page is dead")
					}
					if limit := o.limit[kind].Seconds(); r.stalled > limit {
						t.Errorf("stalled %.1f s, limit %.1f s", r.stalled, limit)
					}
					if r.latency > 12+2 { // 6 × target duration, and the time to encode a segment
						t.Errorf("%.1f s behind at the end", r.latency)
					}
				})
			}
			table.WriteString("|\n")
		}
		l.kill()
	}
	t.Logf("\n%s", table.String())
}
