package monitor

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// live imitates a playlist whose segments appear every d, each shifted by up to
// ±jitter of d, and that stops after the last one.
type live struct {
	d, td  time.Duration
	jitter float64
	random *rand.Rand
	shifts []time.Duration
}

func (l *live) published(n int) time.Duration {
	for len(l.shifts) <= n {
		l.shifts = append(l.shifts, time.Duration((l.random.Float64()*2-1)*l.jitter*float64(l.d)))
	}
	return time.Duration(n)*l.d + l.shifts[n]
}

// newest returns the number of the newest segment at t.
func (l *live) newest(t time.Duration) int {
	n := int(t/l.d) + 2
	for n > 0 && l.published(n) > t {
		n--
	}
	return n
}

// playlist is what it lists: the reader of the pace looks at durations only.
func (l *live) playlist() *probe.Playlist {
	return &probe.Playlist{
		Kind: probe.Media, TargetDuration: probe.State(l.td),
		Segments: slices.Repeat([]probe.Segment{{Duration: l.d}}, 6),
	}
}

// follow polls for a while, in slots of a length, and returns polls per segment
// and the mean delay between publication and sight, in segments. It begins more than
// half a segment after one was published, from where polls must creep nearer.
func follow(t *testing.T, l *live, segments int, length time.Duration) (polls, delay float64) {
	t.Helper()
	var p pace
	epoch := time.Unix(0, 0)
	slots, slotted := slots{began: epoch, since: epoch.Add(1000 * time.Hour), length: length}, time.Duration(0)
	pl := l.playlist()
	now, seen, n, late := l.d*6/10, -1, 0, time.Duration(0)
	for end := time.Duration(segments) * l.d; now < end; n++ {
		newest := l.newest(now)
		o := &probe.Observation{
			Playlist: pl, Exchange: probe.Exchange{Status: 200, Started: epoch.Add(now), Done: epoch.Add(now)},
		}
		if newest > seen && seen >= 0 {
			late += now - l.published(newest)
		}
		advanced := newest > seen
		seen = newest
		var next time.Time
		at := epoch.Add(now)
		next, slotted = slots.next(at, at.Add(p.after(o, advanced)), slotted)
		if length > 0 && next.Sub(epoch)%length != 0 {
			t.Fatalf("a poll begins at %s, between two slots", next.Sub(epoch))
		}
		now = next.Sub(epoch)
	}
	return float64(n) / float64(segments), late.Seconds() / l.d.Seconds() / float64(segments)
}

func TestPaceFollowsTheBeat(t *testing.T) {
	for _, tc := range []struct {
		name             string
		d                time.Duration
		jitter           float64
		maxPolls, maxLag float64
	}{
		{"steady 2 s", 2 * time.Second, 0, 1.2, 0.15},
		{"steady 6 s", 6 * time.Second, 0, 1.2, 0.15},
		{"jitter 5 %", 2 * time.Second, 0.05, 1.2, 0.2},
		{"jitter 20 %", 6 * time.Second, 0.2, 1.3, 0.35},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var alone float64
			for _, length := range []time.Duration{0, 10 * time.Millisecond, slotLength} {
				l := &live{d: tc.d, td: tc.d, jitter: tc.jitter, random: rand.New(rand.NewPCG(1, 2))}
				polls, lag := follow(t, l, 2000, length)
				t.Logf("slots of %s: %.2f polls a segment, seen after %.3f of its duration", length, polls, lag)
				if polls > tc.maxPolls || lag > tc.maxLag {
					t.Errorf("slots of %s: polls %.2f (at most %.2f), delay %.3f (at most %.3f)",
						length, polls, tc.maxPolls, lag, tc.maxLag)
				}
				if alone = cmp.Or(alone, polls); math.Abs(polls-alone) > 0.03 {
					t.Errorf("slots of %s: polls %.2f, and %.2f without", length, polls, alone)
				}
			}
		})
	}
}

// The poll that finds a stream stale comes right after the limit, not at the
// next beat.
func TestPaceMeetsTheStaleLimit(t *testing.T) {
	for td := time.Second; td <= 10*time.Second; td += time.Second {
		epoch := time.Unix(0, 0)
		pl := &probe.Playlist{Kind: probe.Media, TargetDuration: probe.State(td), Segments: []probe.Segment{{Duration: td}}}
		var p pace
		look := func(at time.Duration, advanced bool) time.Duration {
			o := &probe.Observation{
				Playlist: pl, Exchange: probe.Exchange{Status: 200, Started: epoch.Add(at), Done: epoch.Add(at)},
			}
			return at + p.after(o, advanced)
		}
		look(0, true)
		at := look(td, true) // the newest segment is seen one target duration later
		for at-td <= td*3/2 {
			at = look(at, false)
		}
		if late := at - td - td*3/2; late > 20*time.Millisecond {
			t.Errorf("target duration %s: looked %s after the limit", td, late)
		}
	}
}

// A TARGETDURATION that has nothing to do with the segments neither slows polls
// down nor lets them go on at the pace of a live stream when nothing comes.
func TestPaceGoesByWhatSegmentsLast(t *testing.T) {
	for _, td := range []time.Duration{2 * time.Second, time.Minute, 3007 * time.Second} {
		l := &live{d: 2 * time.Second, td: td, random: rand.New(rand.NewPCG(1, 2))}
		if polls, lag := follow(t, l, 500, 0); polls > 1.2 || lag > 0.15 {
			t.Errorf("target duration %s: %.2f polls a segment, seen after %.3f of its duration", td, polls, lag)
		}
		if rate := stalled(l.playlist(), time.Minute); rate < 0.2 || rate > 1.5 {
			t.Errorf("target duration %s: %.1f requests a second while nothing comes", td, rate)
		}
	}
}

// stalled is how many polls a second there are in a time that begins 6 s after
// the last new segment.
func stalled(pl *probe.Playlist, lasts time.Duration) float64 {
	var p pace
	epoch, n, advanced := time.Unix(0, 0), 0, true
	for at := time.Duration(0); at < 6*time.Second+lasts; advanced = false {
		if at >= 6*time.Second {
			n++
		}
		at += p.after(&probe.Observation{
			Playlist: pl, Exchange: probe.Exchange{Status: 200, Started: epoch.Add(at), Done: epoch.Add(at)},
		}, advanced)
	}
	return float64(n) / lasts.Seconds()
}

// Where thousands of playlists fail at once, each is asked for as often as if it were
// well: a monitor that asks more often than that has no time left to judge.
func TestAFailingCrowdIsPolledAtItsOwnPace(t *testing.T) {
	epoch := time.Unix(0, 0)
	for _, c := range []struct {
		playlists   int64
		least, most time.Duration
	}{
		{2, 2 * time.Second, 3 * time.Second},
		{1000, 2 * time.Second, 3 * time.Second},
		{20_000, 6 * time.Second, 6 * time.Second},
		{1_000_000, 6 * time.Second, 6 * time.Second},
	} {
		p := pace{td: 6 * time.Second, d: 6 * time.Second, crowd: time.Duration(c.playlists) * failingApart}
		var wait time.Duration
		for i := range 10 {
			o := &probe.Observation{Exchange: probe.Exchange{Status: 503, Started: epoch, Done: epoch}}
			if wait = p.after(o, false); i == 0 && wait > 500*time.Millisecond {
				t.Errorf("%d fail: the first failure is confirmed after %s", c.playlists, wait)
			}
		}
		if wait < c.least || wait > c.most {
			t.Errorf("%d fail: one that fails is asked for again after %s, want %s to %s", c.playlists, wait, c.least, c.most)
		}
	}
}

// Playlists are counted while they fail, and no longer than they are watched.
func TestPlaylistsThatFailAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fails atomic.Bool
		m := New(Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Segments: SegmentsNone,
			Streams: []Stream{{Name: "a", Manifest: "/a.m3u8"}, {Name: "b", Manifest: "/b.m3u8"}},
			Transport: sim.Transport(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if fails.Load() {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				n := time.Now().Unix() / 2
				w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
				fmt.Fprintf(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXTINF:2,\n%[1]d.ts\n", n)
			})),
		})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { m.Run(ctx) })
		for _, step := range []struct {
			fails bool
			want  int64
		}{{false, 0}, {true, 4}, {false, 0}, {true, 4}} {
			fails.Store(step.fails)
			time.Sleep(10 * time.Second)
			if got := m.failing.Load(); got != step.want {
				t.Errorf("%d playlists fail, want %d", got, step.want)
			}
		}
		m.Remove("a", "it is over")
		if got := m.failing.Load(); got != 2 {
			t.Errorf("%d fail after one of two streams was removed", got)
		}
		cancel()
		running.Wait()
		if got := m.failing.Load(); got != 0 {
			t.Errorf("%d fail after the end", got)
		}
	})
}
