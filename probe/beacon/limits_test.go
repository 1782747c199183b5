package beacon

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// One address may send no more than its share, all together no more than theirs,
// and a window later everything is forgotten.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(&sink{})
		took := func(n int, from func(i int) string) (taken int) {
			for i := range n {
				if post(t, r, from(i), good) == http.StatusNoContent {
					taken++
				}
			}
			return taken
		}
		one := func(int) string { return "192.0.2.1:4000" }
		if n := took(3*perAddress, one); n != perAddress {
			t.Errorf("%d of one address, want %d", n, perAddress)
		}
		if n := took(perAddress, func(i int) string { return fmt.Sprintf("[2001:db8::%x]:80", i) }); n != perAddress {
			t.Errorf("%d of a network of IPv6, want %d", n, perAddress)
		}
		if n := took(100, func(i int) string { return fmt.Sprintf("[2001:db8::1:%x]:80", i) }); n > 0 {
			t.Errorf("%d more of the same network", n)
		}
		before := memory()
		many := took(3*perWindow, func(i int) string { return fmt.Sprintf("%d.%d.%d.7:80", 11+i>>16, i>>8&255, i&255) })
		if many != perWindow-2*perAddress {
			t.Errorf("%d in all, want %d", many+2*perAddress, perWindow)
		}
		if grown := memory() - before; grown > 8<<20 {
			t.Errorf("a flood takes %d bytes", grown)
		}
		time.Sleep(window)
		if n := took(1, one); n != 1 {
			t.Error("an address is remembered")
		}
		if n := len(r.take(time.Now())); n != 1 {
			t.Errorf("%d batches", n)
		}
	})
}

func memory() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What waits is bounded too: a process that gets no time to hand it over drops
// single values, and the sums stay right.
func TestPendingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(&sink{})
		const n = maxPending
		for i := range n {
			if i%perAddress == 0 && i > 0 {
				time.Sleep(window)
			}
			if code := post(t, r, "192.0.2.1:4000", good); code != http.StatusNoContent {
				t.Fatalf("status %d", code)
			}
		}
		b := r.take(time.Now())[0]
		played := 0.0
		for _, s := range b.Samples {
			if s.Metric == probe.ViewerPlayed {
				played += s.Value
			}
		}
		if len(b.Samples) > maxPending+10 || int(played+.5) != n*59/2 {
			t.Errorf("%d samples, %g s played", len(b.Samples), played)
		}
	})
}

// Readers that never end are few.
func TestSlowBodies(t *testing.T) {
	r := newReceiver(&sink{})
	release := make(chan struct{})
	var held sync.WaitGroup
	for range maxReading {
		held.Go(func() {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, Path, blocked{release})
			req.Header.Set("Content-Type", "text/plain")
			req.Header.Set("X-Forwarded-For", "192.0.2.9")
			req.RemoteAddr = fmt.Sprintf("198.51.100.%d:1", r.reading.Load()%250)
			r.ServeHTTP(httptest.NewRecorder(), req)
		})
	}
	for r.reading.Load() < maxReading {
		time.Sleep(time.Millisecond)
	}
	if code := post(t, r, "192.0.2.1:4000", good); code != http.StatusServiceUnavailable {
		t.Errorf("status %d", code)
	}
	close(release)
	held.Wait()
	if code := post(t, r, "192.0.2.1:4000", good); code != http.StatusNoContent {
		t.Errorf("status %d afterwards", code)
	}
}

// blocked is a body that does not come.
type blocked struct{ until chan struct{} }

func (b blocked) Read([]byte) (int, error) {
	<-b.until
	return 0, context.DeadlineExceeded
}

// The document for users states the limits that hold.
func TestDocStatesTheLimits(t *testing.T) {
	b, err := os.ReadFile("../../docs/embeds.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(b)), " ")
	limits := map[*probe.Metric]float64{}
	for _, v := range (&report{}).values() {
		limits[v.metric] = v.limit
	}
	if limits[probe.ViewerStartup] != limits[probe.ViewerPlayed] ||
		limits[probe.ViewerLatency] != limits[probe.ViewerStallTime] ||
		limits[probe.ViewerStalls] != limits[probe.ViewerErrors] {
		t.Errorf("the document puts limits together that differ: %v", limits)
	}
	for _, want := range []string{
		fmt.Sprintf("%d KiB at most", maxBody>>10),
		fmt.Sprintf("%d in %.0f s from one address (64 bits of IPv6), %d,%03d in all",
			perAddress, window.Seconds(), perWindow/1000, perWindow%1000),
		fmt.Sprintf("a startup or a playing time above %g s", limits[probe.ViewerStartup]),
		fmt.Sprintf("a latency or stall time above %g s", limits[probe.ViewerLatency]),
		fmt.Sprintf("more than %g stalls or errors", limits[probe.ViewerStalls]),
		"POST " + Path,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("docs/embeds.md does not say: %s", want)
		}
	}
}

// Streams that come are taken, streams that go are not; those that stay keep
// what was reported.
func TestOtherStreams(t *testing.T) {
	now := time.Now()
	r := New(Options{Event: "e", Streams: []string{"a", "b"}, Emit: func(probe.Batch) {}})
	note := func(stream string) error {
		return r.note(&report{Event: "e", Stream: stream, Kind: "hlsjs", Startup: probe.State(1.0)}, now)
	}
	if note("a") != nil || note("c") == nil {
		t.Error("only the event's streams are taken")
	}
	r.Watch([]string{"a", "c"})
	if note("b") == nil || note("c") != nil || r.Viewers("a", now) == nil || r.Viewers("b", now) != nil {
		t.Error("after the change other streams than the event's are taken")
	}
}
