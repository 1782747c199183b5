package beacon

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe"
)

const good = `{"event":"concert","stream":"main","kind":"hlsjs","startup_seconds":0.8,"played_seconds":29.5,` +
	`"latency_seconds":6.5}`

// sink keeps what was emitted.
type sink struct {
	mu      sync.Mutex
	batches []probe.Batch
}

func (s *sink) emit(b probe.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, b)
}

func newReceiver(to *sink) *Receiver {
	return New(Options{Event: "concert", Streams: []string{"main", "sign"}, Emit: to.emit})
}

// post sends a beacon as a browser does and returns the status.
func post(t *testing.T, h http.Handler, from, body string) int {
	t.Helper()
	return send(t, h, from, body, http.Header{
		"Content-Type": {"text/plain;charset=UTF-8"}, "Origin": {"https://www.example.com"},
	})
}

func send(t *testing.T, h http.Handler, from, body string, header http.Header) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, Path, strings.NewReader(body))
	r.RemoteAddr, r.Header = from, header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// samples are those of a batch as lines, sorted.
func samples(b probe.Batch) []string {
	var out []string
	for _, s := range b.Samples {
		out = append(out, fmt.Sprintf("%s %s %s %g", s.Metric.Prometheus, s.Stream, s.Rendition, s.Value))
	}
	slices.Sort(out)
	return out
}

func TestBeaconsBecomeSamples(t *testing.T) {
	r := newReceiver(&sink{})
	for _, body := range []string{
		good,
		`{"event":"concert","stream":"main","kind":"hlsjs","played_seconds":10,"stalls":2,"stall_seconds":3.5,"errors":1,` +
			`"new_in_2030":true}`,
		`{"event":"concert","stream":"main","kind":"videojs","errors":2,"startup_seconds":null}`,
		`{"event":"concert","stream":"main","kind":"native","played_seconds":5}`, // and no trouble, which is a zero
		// Beyond the limits, and not by much the fault of who sends it.
		`{"event":"concert","stream":"sign","kind":"native","startup_seconds":9e9,"latency_seconds":1e300,` +
			`"played_seconds":86400,"stalls":1e6,"stall_seconds":7200,"errors":99999}`,
	} {
		if code := post(t, r, "192.0.2.1:4000", body); code != http.StatusNoContent {
			t.Errorf("status %d for %s", code, body)
		}
	}
	batches := r.take(time.Now())
	if len(batches) != 2 || batches[0].Event != "concert" {
		t.Fatalf("batches %v", batches)
	}
	want := []string{
		"viewer_errors_total main hlsjs 1", "viewer_errors_total main native 0", "viewer_errors_total main videojs 2",
		"viewer_latency_seconds main hlsjs 6.5",
		"viewer_played_seconds_total main hlsjs 39.5", "viewer_played_seconds_total main native 5",
		"viewer_stall_seconds_total main hlsjs 3.5", "viewer_stall_seconds_total main native 0",
		"viewer_stalls_total main hlsjs 2", "viewer_stalls_total main native 0",
		"viewer_startup_seconds main hlsjs 0.8",
	}
	if got := samples(batches[0]); !slices.Equal(got, want) {
		t.Errorf("samples\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	want = []string{
		"viewer_errors_total sign native 30", "viewer_latency_seconds sign native 600",
		"viewer_played_seconds_total sign native 120",
		"viewer_stall_seconds_total sign native 600", "viewer_stalls_total sign native 30",
		"viewer_startup_seconds sign native 120",
	}
	if got := samples(batches[1]); !slices.Equal(got, want) {
		t.Errorf("clamped\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if again := r.take(time.Now()); len(again) > 0 {
		t.Errorf("handed over twice: %v", again)
	}
}

func TestRefusals(t *testing.T) {
	r := newReceiver(&sink{})
	for body, want := range map[string]int{
		"": 400, "null": 400, "[]": 400, `"x"`: 400, "{": 400, good + good: 400, strings.Repeat("[", 1000): 400,
		good + strings.Repeat(" ", 2*maxBody): 413, `{"event":"` + strings.Repeat("a", maxBody) + `"}`: 413,
		strings.Replace(good, "concert", "other", 1):                       400,
		strings.Replace(good, "main", "nain", 1):                           400,
		strings.Replace(good, "main", "<script>", 1):                       400,
		strings.Replace(good, "hlsjs", "iframe", 1):                        400,
		strings.Replace(good, "hlsjs", "", 1):                              400,
		strings.Replace(good, "0.8", "-0.8", 1):                            400,
		strings.Replace(good, "0.8", "1e999", 1):                           400,
		strings.Replace(good, "0.8", "NaN", 1):                             400,
		strings.Replace(good, "0.8", `"0.8"`, 1):                           400,
		strings.Replace(good, "0.8", "[0.8]", 1):                           400,
		strings.Replace(good, `"startup_seconds":0.8`, `"stalls":1.5`, 1):  400,
		strings.Replace(good, `"startup_seconds":0.8`, `"errors":-1`, 1):   400,
		strings.Replace(good, `"startup_seconds":0.8`, `"stalls":true`, 1): 400,
	} {
		if got := post(t, r, "192.0.2.1:4000", body); got != want {
			t.Errorf("status %d, want %d for %.80s", got, want, body)
		}
	}
	for _, kind := range []string{"", "application/json", "application/x-www-form-urlencoded", "text/html"} {
		got := send(t, r, "192.0.2.1:4000", good, http.Header{"Content-Type": {kind}})
		if got != http.StatusUnsupportedMediaType {
			t.Errorf("status %d for %q", got, kind)
		}
	}
	if b := r.take(time.Now()); len(b) > 0 {
		t.Errorf("something of it counts: %v", b)
	}
}

// Only a proxy of our own is believed about whom it serves.
func TestClient(t *testing.T) {
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1:4000", "", "192.0.2.1"},
		{"192.0.2.1:4000", "203.0.113.5", "192.0.2.1"},
		{"127.0.0.1:4000", "203.0.113.5", "203.0.113.5"},
		{"127.0.0.1:4000", "1.1.1.1, 203.0.113.5", "203.0.113.5"},
		{"10.0.0.7:4000", "1.1.1.1,203.0.113.5:4711", "203.0.113.5"},
		{"[::1]:4000", "2001:db8::1", "2001:db8::1"},
		{"127.0.0.1:4000", "unknown", "127.0.0.1"},
		{"[::ffff:192.0.2.1]:1", "", "192.0.2.1"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, Path, nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := client(r); got != netip.MustParseAddr(c.want) {
			t.Errorf("%s for %s: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestRunHandsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := &sink{}
		core, logs := observer.New(zap.WarnLevel)
		r := New(Options{Event: "concert", Streams: []string{"main"}, Emit: got.emit, Log: zap.New(core)})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx); close(done) }()
		post(t, r, "192.0.2.1:4000", good)
		post(t, r, "192.0.2.1:4000", "{")
		time.Sleep(handOver + time.Millisecond)
		synctest.Wait()
		if len(got.batches) != 1 {
			t.Errorf("%d batches after a second", len(got.batches))
		}
		post(t, r, "192.0.2.1:4000", good)
		stop()
		<-done
		if len(got.batches) != 2 {
			t.Errorf("%d batches at the end", len(got.batches))
		}
		if logs.Len() != 1 {
			t.Errorf("refusals were logged %d times", logs.Len())
		}
	})
}

// FuzzDecode: whatever is sent, what is counted is within the limits.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		good, "", "{}", "null", `{"stalls":1e3}`, `{"played_seconds":-0}`, `{"STALLS":2,"stalls":3}`, "\xff",
		`{"errors":9007199254740993}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		rep, err := decode([]byte(body))
		if err != nil {
			return
		}
		rep.Event, rep.Stream, rep.Kind = "concert", "main", "hlsjs"
		r := newReceiver(&sink{})
		if err := r.note(rep, time.Unix(1_800_000_000, 0)); err != nil {
			t.Fatal(err)
		}
		for _, b := range r.take(time.Now()) {
			for _, s := range b.Samples {
				if !(s.Value >= 0 && s.Value <= 600) {
					t.Errorf("%s is %g", s.Metric.Prometheus, s.Value)
				}
			}
		}
	})
}

func BenchmarkBeacon(b *testing.B) {
	r := newReceiver(&sink{})
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, Path, strings.NewReader(good))
		req.Header.Set("Content-Type", "text/plain")
		r.limits.total, r.waiting = 0, 0
		clear(r.limits.slots[:])
		for _, s := range r.streams {
			s.singles = s.singles[:0]
		}
		r.ServeHTTP(httptest.NewRecorder(), req)
	}
}

// The last reports are handed over, and none is taken that nobody would hear of.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &sink{}
		r := newReceiver(to)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx) })
		synctest.Wait()
		if code := post(t, r, "192.0.2.1:1", good); code != http.StatusNoContent {
			t.Errorf("status %d before the end", code)
		}
		cancel()
		running.Wait()
		if len(to.batches) != 1 {
			t.Errorf("%d batches at the end, want the last one", len(to.batches))
		}
		if code := post(t, r, "192.0.2.1:1", good); code != http.StatusServiceUnavailable {
			t.Errorf("status %d after the end", code)
		}
	})
}

// A crowd gives few different values, whatever it sends: each takes its place on
// the way to CloudWatch.
func TestValuesAreCoarse(t *testing.T) {
	to := &sink{}
	r := newReceiver(to)
	for i := range 1000 {
		_ = r.note(&report{Event: "concert", Stream: "main", Kind: "hlsjs", Latency: probe.State(6 + float64(i)/1000)},
			time.Now())
	}
	different := map[float64]bool{}
	for _, b := range r.take(time.Now()) {
		for _, s := range b.Samples {
			different[s.Value] = true
		}
	}
	if len(different) != 11 {
		t.Errorf("%d different values of latencies from 6 to 7 s", len(different))
	}
}
