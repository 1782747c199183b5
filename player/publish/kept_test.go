package publish

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/player"
)

// The pages of embeds are made when somebody asks for them: of a thousand streams
// nothing of them is kept.
func TestPreviewsAreNotKept(t *testing.T) {
	event := configs.Default()
	event.Event = "autumn"
	for i := range 20 {
		name := fmt.Sprintf("s%d", i)
		event.Streams = append(event.Streams, configs.Stream{Name: name, Manifest: configs.URL("/" + name + ".m3u8")})
	}
	var before uint64
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	e := New(&event, "http://127.0.0.1:1", nil, t.TempDir(), zap.NewNop())
	if e.Preview("s0") != nil {
		t.Error("there are pages of a stream of which nothing was read")
	}
	e.facts["s0"] = player.Manifest{}
	for _, page := range []string{"/embed/s0/index", "/embed/s0/hlsjs", "/embed/s0/player.json"} {
		w := httptest.NewRecorder()
		e.Preview("s0").ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, page, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "http://127.0.0.1:1/s0.m3u8") {
			t.Errorf("%s: status %d\n%s", page, w.Code, w.Body)
		}
	}
	for i := range event.Streams {
		if _, err := e.Write(t.Context(), &event.Streams[i]); err != nil { // nothing answers: they work for any stream
			t.Fatal(err)
		}
		if i == 0 {
			before = heap()
		}
	}
	each := func() int64 { return (int64(heap()) - int64(before)) / int64(len(event.Streams)-1) }
	for range 50 { // what is being cleared away takes a moment on a busy machine
		if each() <= 8<<10 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if n := each(); n > 8<<10 {
		t.Errorf("each stream keeps %d bytes", n)
	}
	event.Streams = event.Streams[1:]
	if e.Preview("s0") != nil {
		t.Error("there are pages of a stream that has left")
	}
}
