package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// serve runs a server on loopback and returns its URL; it ends with the test,
// or when stop is called.
func serve(t *testing.T, s *Server) (url string, stop func()) {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, ln) }()
	ended := false
	stop = func() {
		cancel()
		if ended {
			return
		}
		ended = true
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(shutdownTimeout + 2*time.Second):
			t.Error("Run did not end")
		}
	}
	t.Cleanup(stop)
	return "http://" + ln.Addr().String(), stop
}

// event is one server-sent event, or a comment.
type event struct{ name, data string }

func listen(ctx context.Context, t *testing.T, url string) <-chan event {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, type %q", answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	events := make(chan event, 100)
	go func() {
		defer close(events)
		defer answer.Body.Close()
		readEvents(answer.Body, events)
	}()
	return events
}

func readEvents(r io.Reader, events chan<- event) {
	var e event
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, 4<<20)
	for scan.Scan() {
		line := scan.Text()
		switch {
		case strings.HasPrefix(line, ":"):
			events <- event{"comment", line[1:]}
		case strings.HasPrefix(line, "event: "):
			e.name = line[7:]
		case strings.HasPrefix(line, "data: "):
			e.data = line[6:]
		case line == "" && e.name != "":
			events <- e
			e = event{}
		}
	}
}

func next(t *testing.T, events <-chan event) event {
	t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			t.Fatal("the connection ended")
		}
		return e
	case <-time.After(5 * time.Second):
		t.Fatal("no event for 5 s")
	}
	return event{}
}

func statusOf(t *testing.T, e event) probe.Snapshot {
	t.Helper()
	var snap probe.Snapshot
	if err := json.Unmarshal([]byte(e.data), &snap); e.name != "status" || err != nil {
		t.Fatalf("got %+v, %v; want a status", e, err)
	}
	return snap
}

func TestEvents(t *testing.T) {
	snap := sick(start)
	snap.Streams = append(snap.Streams, healthy(start, "other").Streams...)
	f := &fake{snap: snap}
	s := New(f.options())
	url, stop := serve(t, s)
	events := listen(t.Context(), t, url)

	if first := statusOf(t, next(t, events)); len(first.Streams) != 2 {
		t.Errorf("the first status has %d streams, want all 2", len(first.Streams))
	}
	batch := probe.Batch{At: start, Stream: "main", Incidents: []probe.Incident{stale(start)}}
	if err := s.Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	inc := next(t, events)
	if inc.name != "incident" || !strings.Contains(inc.data, `"id":"01J9ZK"`) {
		t.Errorf("got %+v, want the incident", inc)
	}
	if second := statusOf(t, next(t, events)); len(second.Streams) != 1 || second.Streams[0].Name != "main" {
		t.Errorf("the status has %+v, want only the stream that changed", second.Streams)
	}
	stop()
	if _, open := <-events; open {
		t.Error("an event after the server ended")
	}
}

// A connection outlives the limits that hold for requests.
func TestEventsOutliveTheReadTimeout(t *testing.T) {
	s := New((&fake{snap: sick(start)}).options())
	s.readTimeout = 300 * time.Millisecond
	url, _ := serve(t, s)
	events := listen(t.Context(), t, url)
	next(t, events)
	time.Sleep(3 * s.readTimeout)
	for len(events) > 0 { // what came before the limit
		next(t, events)
	}
	_ = s.Write(t.Context(), probe.Batch{At: start, Stream: "main"})
	next(t, events)
}

// In an hour of silence the page hears a status every 5 s and proxies a
// comment every 15 s, and never more than four frames a second when all
// streams change all the time.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{snap: sick(start)}
		h := newHub(f)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go h.run(ctx)
		count := func(d time.Duration, busy bool) (statuses, comments int) {
			r, w := io.Pipe()
			events := make(chan event, 100_000)
			go readEvents(r, events)
			inner, leave := context.WithCancel(ctx)
			go h.serve(&pipeWriter{PipeWriter: w}, must(http.NewRequestWithContext(inner, "GET", "/api/v1/events", nil)))
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				if busy {
					h.note(&probe.Batch{Stream: "main"})
				}
			}
			leave()
			synctest.Wait()
			_ = w.Close()
			synctest.Wait()
			close(events)
			for e := range events {
				if e.name == "status" {
					statuses++
				} else {
					comments++
				}
			}
			return statuses, comments
		}
		if s, c := count(time.Hour, false); s < 700 || s > 725 || c < 239 || c > 240 {
			t.Errorf("an hour of silence: %d statuses, %d comments; want 720 and 240", s, c)
		}
		if s, _ := count(time.Minute, true); s < 230 || s > 245 {
			t.Errorf("a busy minute: %d statuses, want 240", s)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// pipeWriter is a ResponseWriter into a pipe.
type pipeWriter struct {
	*io.PipeWriter
	header http.Header
}

func (p *pipeWriter) Header() http.Header {
	if p.header == nil {
		p.header = http.Header{}
	}
	return p.header
}
func (*pipeWriter) WriteHeader(int)   {}
func (*pipeWriter) FlushError() error { return nil }

// 500 streams that all change all the time: a client gets each about every
// three seconds, and an urgent one at once.
func TestManyStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := healthy(start, "s000")
		for i := 1; i < 500; i++ {
			snap.Streams = append(snap.Streams, healthy(start, fmt.Sprintf("s%03d", i)).Streams...)
		}
		h := newHub(&fake{snap: snap})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go h.run(ctx)
		c := h.join()
		rows := 0
		go func() {
			for {
				select {
				case frame := <-c.frames:
					rows += strings.Count(string(frame), `"renditions":`)
				case <-ctx.Done():
					return
				}
			}
		}()
		for range 30 {
			for i := range 500 {
				h.note(&probe.Batch{Stream: fmt.Sprintf("s%03d", i)})
			}
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if rows < 4000 || rows > 6000 {
			t.Errorf("%d rows in 30 s, want about 5000", rows)
		}
		before := rows
		h.note(&probe.Batch{Stream: "s123", Incidents: []probe.Incident{stale(start)}})
		time.Sleep(2 * tick)
		synctest.Wait()
		if rows == before {
			t.Error("an urgent stream was not sent within two ticks")
		}
		cancel()
		synctest.Wait()
	})
}

func TestSlowClientIsDropped(t *testing.T) {
	f := &fake{snap: sick(start)}
	h := newHub(f)
	slow, fast := h.join(), h.join()
	for range frameQueue + 1 {
		h.note(&probe.Batch{Stream: "main"})
		h.send(f.snap, true, false)
		<-fast.frames
	}
	select {
	case <-slow.gone:
	default:
		t.Error("a client whose queue is full was kept")
	}
	select {
	case <-fast.gone:
		t.Error("a client that keeps up was dropped")
	default:
	}
}

func TestTooManyClients(t *testing.T) {
	s := New((&fake{snap: sick(start)}).options())
	for range maxClients {
		if s.hub.join() == nil {
			t.Fatal("refused too early")
		}
	}
	if w := ask(t, s.Handler(), "GET", "/api/v1/events", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("one client too many: %d, want 503", w.Code)
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	s := New((&fake{snap: sick(start)}).options())
	url, stop := serve(t, s)
	ctx, leave := context.WithCancel(t.Context())
	for range 5 {
		next(t, listen(ctx, t, url))
	}
	leave()
	kept := listen(t.Context(), t, url) // still open when the server ends
	next(t, kept)
	stop()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
}

func BenchmarkNoteWithoutClients(b *testing.B) {
	h := newHub(&fake{snap: sick(start)})
	batch := probe.Batch{Stream: "main"}
	b.ReportAllocs()
	for b.Loop() {
		h.note(&batch)
	}
}

// BenchmarkStatus is the cost of one whole status of 500 streams.
func BenchmarkStatus(b *testing.B) {
	snap := healthy(start, "s000")
	for i := 1; i < 500; i++ {
		snap.Streams = append(snap.Streams, healthy(start, fmt.Sprintf("s%03d", i)).Streams...)
	}
	b.ReportAllocs()
	for b.Loop() {
		text, err := json.Marshal(snap)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
	}
}
