package sim

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

// playlist fetches a media playlist that must be sound on the HTTP level.
func (w *world) playlist(host, rendition string) scan {
	w.T.Helper()
	g := w.Get(host + rendition + playlistName)
	if g.Err != nil || g.Status != 200 {
		w.T.Fatalf("%s%s: %d %v", host, rendition, g.Status, g.Err)
	}
	return read(g.Body)
}

func (w *world) must(ok bool, format string, args ...any) {
	w.T.Helper()
	if !ok {
		w.T.Errorf(format, args...)
	}
}

// firstPTS returns the timestamp of the first video packet.
func firstPTS(ts string) int64 {
	b := []byte(ts[strings.Index(ts, "\x00\x00\x01\xe0")+9:])
	return int64(b[0]&0x0e)<<29 | int64(b[1])<<22 | int64(b[2]&0xfe)<<14 | int64(b[3])<<7 | int64(b[4])>>1
}

func lagging(segments int) func(*world, scan) {
	return func(w *world, before scan) {
		for range 3 {
			s := w.playlist("origin.test", low)
			w.must(s.sequence == before.sequence-segments,
				"the lag is %d segments, want %d", before.sequence-s.sequence, segments)
			w.must(w.playlist("origin.test", high).sequence == before.sequence, "the other rendition lags too")
			before.sequence++
			time.Sleep(2 * time.Second)
		}
		w.origin.Faults().Clear("", "", "")
		time.Sleep(12 * time.Second)
		w.must(w.playlist("origin.test", low).sequence == w.playlist("origin.test", high).sequence, "the lag stays")
	}
}

func shifted(w *world, before scan, by int) {
	for range 3 {
		s := w.playlist("origin.test", high)
		w.must(s.sequence == before.sequence+by, "media sequence %d, want %d", s.sequence, before.sequence+by)
		before.sequence++
		time.Sleep(2 * time.Second)
	}
}

func missingSegments(rendition string) func(*world, scan) {
	return func(w *world, before scan) {
		time.Sleep(2 * time.Second)
		s := w.playlist("origin.test", rendition)
		w.must(s.last() != before.last(), "the playlist stopped")
		answers(w, "origin.test"+rendition+s.last(), 404, "")
		answers(w, "origin.test"+rendition+before.last(), 200, "")
		w.origin.Faults().Clear("", "", "")
		answers(w, "origin.test"+rendition+s.last(), 200, "")
	}
}

func answers(w *world, u string, status int, prefix string) {
	w.T.Helper()
	g := w.Get(u)
	w.must(g.Err == nil && g.Status == status && strings.HasPrefix(g.Body, prefix), "%s: %d %v", u, g.Status, g.Err)
}

func hangs(w *world, u string) {
	w.T.Helper()
	g := w.Get(u)
	w.must(errors.Is(g.Err, context.DeadlineExceeded) && g.Took == 30*time.Second,
		"%s: %d %v after %v", u, g.Status, g.Err, g.Took)
}

func TestFaultsOnTheWire(t *testing.T) {
	for _, f := range Faults() {
		t.Run(f.Name, func(t *testing.T) {
			see, ok := onTheWire[f.Name]
			if !ok {
				see, ok = fieldOnTheWire[f.Name]
			}
			if f.LowLatency {
				see, ok = lowLatencyOnTheWire[f.Name]
			}
			if !ok {
				t.Fatal("no test says what this fault looks like")
			}
			synctest.Test(t, func(t *testing.T) {
				window, c := 6, Config{Encrypt: f.Encrypted, FMP4: f.FMP4, Subtitles: f.Subtitles}
				if f.LowLatency {
					window, c = 12, Config{Part: 500 * time.Millisecond}
				}
				w := newWorld(t, c, edge.Config{})
				time.Sleep(500 * time.Millisecond)
				before := w.playlist("origin.test", high)
				for _, r := range []string{high, low} { // the edge knows the present
					w.playlist("edge.test", r)
					w.Get("edge.test" + r + before.last())
				}
				w.inject(f.Name)
				see(w, before)
				w.origin.Faults().Clear("", "", "")
				time.Sleep(time.Minute)
				s := w.playlist("edge.test", high)
				if len(s.uris) != window || s.end || w.Get("edge.test"+high+s.last()).Status != 200 {
					t.Error("a minute after the fault the stream is not sound")
				}
			})
		})
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(onTheWire)), slices.Collect(maps.Keys(fieldOnTheWire)),
		slices.Collect(maps.Keys(lowLatencyOnTheWire))) {
		if _, ok := FindFault(name); !ok {
			t.Errorf("a test describes %s, which is no fault", name)
		}
	}
}
