package web

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
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

// nextStatus passes over what the page is told of open incidents meanwhile.
func nextStatus(t *testing.T, events <-chan event) probe.Snapshot {
	t.Helper()
	e := next(t, events)
	for e.name == "incident" {
		e = next(t, events)
	}
	return statusOf(t, e)
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
	if second := nextStatus(t, events); len(second.Streams) != 1 || second.Streams[0].Name != "main" {
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

func TestSlowClientIsDropped(t *testing.T) {
	f := &fake{snap: sick(start)}
	h := newHub(f)
	slow, fast := h.join(), h.join()
	for range frameQueue + 1 {
		h.note(&probe.Batch{Stream: "main"})
		h.send(f.snap, nil, true, false)
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
