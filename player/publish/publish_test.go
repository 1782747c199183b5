package publish

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// site is an edge whose streams can be away, and an event there.
func site(t *testing.T, streams ...string) (event *configs.Event, edge string, away *atomic.Bool) {
	t.Helper()
	away = new(atomic.Bool)
	live := sim.NewOrigin(sim.Config{Streams: streams})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			http.NotFound(w, r)
			return
		}
		live.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	e := configs.Default()
	e.Event, e.Origin.URL = "concert", configs.URL(server.URL)
	for _, name := range streams {
		e.Streams = append(e.Streams, configs.Stream{Name: name, Manifest: configs.URL("/" + name + "/playlist.m3u8")})
	}
	return &e, server.URL, away
}

// A stream that cannot be read yet gets embeds all the same, and others once it is
// there.
func TestWrite(t *testing.T) {
	event, edge, away := site(t, "main")
	dir := t.TempDir()
	e := New(event, edge, nil, dir, zap.NewNop())
	page := func() string {
		text, err := os.ReadFile(filepath.Join(dir, "main", "hlsjs.html"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	away.Store(true)
	if known, err := e.Write(t.Context(), &event.Streams[0]); known || err != nil {
		t.Fatalf("known %v, %v", known, err)
	}
	before := page()
	away.Store(false)
	if known, err := e.Write(t.Context(), &event.Streams[0]); !known || err != nil {
		t.Fatalf("known %v, %v", known, err)
	}
	if page() == before {
		t.Error("what the manifest says changes nothing")
	}
	if e.Preview("main") == nil || e.Preview("gone") != nil {
		t.Error("previews are those of the streams that were written")
	}
}

// Run writes the embeds of each stream, also of one that the event gets later. A
// stream that has left it keeps its files, and loses its preview.
func TestRun(t *testing.T) {
	event, edge, _ := site(t, "a", "b")
	dir := t.TempDir()
	both := event.Streams
	event.Streams = both[:1]
	e := New(event, edge, nil, dir, zap.NewNop())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); e.Run(ctx) }()
	there := func(stream string) func() bool {
		return func() bool {
			_, err := os.Stat(filepath.Join(dir, stream, "index.html"))
			return err == nil && e.Preview(stream) != nil
		}
	}
	await(t, "embeds of a", there("a"))
	next := *event
	next.Streams = both[1:]
	e.Change(&next, nil)
	await(t, "embeds of b", there("b"))
	if _, err := os.Stat(filepath.Join(dir, "a", "index.html")); err != nil || e.Preview("a") != nil {
		t.Errorf("a has left: %v, preview %v", err, e.Preview("a"))
	}
	stop()
	<-ended
}

// What somebody deleted is written again.
func TestMissing(t *testing.T) {
	event, edge, _ := site(t, "main")
	dir := t.TempDir()
	e := New(event, edge, nil, dir, zap.NewNop())
	if left := e.writeAll(t.Context()); left != 0 || e.missing() {
		t.Fatalf("%d left", left)
	}
	if err := os.RemoveAll(filepath.Join(dir, "main")); err != nil {
		t.Fatal(err)
	}
	if !e.missing() {
		t.Fatal("nobody sees that the files are gone")
	}
	if e.writeAll(t.Context()); e.missing() {
		t.Error("they are not written again")
	}
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 300 {
		if is() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no %s within 30 s", what)
}
