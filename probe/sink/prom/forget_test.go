package prom

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// A stream that left the event is not scraped any more, also where a batch of it
// comes late; one that comes back is.
func TestForget(t *testing.T) {
	s := New(Options{Event: "e"})
	now := time.Now()
	write := func(stream string, at time.Time) {
		t.Helper()
		err := s.Write(t.Context(), probe.Batch{At: at, Event: "e", Stream: stream, Samples: []probe.Sample{
			{Metric: probe.ManifestAge, Stream: stream, Rendition: "720p", Side: probe.Edge, Value: 1, At: at},
			{Metric: probe.VerdictTime, Stream: stream, Rendition: string(probe.Down), Value: 1, At: at},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	shown := func(stream string) bool {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
		state := strings.Contains(w.Body.String(), `streamwatch_verdict{event="e",stream="`+stream+`"`)
		series := strings.Contains(w.Body.String(),
			`streamwatch_manifest_age_seconds{event="e",rendition="720p",side="edge",stream="`+stream+`"}`)
		if state != series {
			t.Errorf("%s: its verdict is shown: %v, its series: %v", stream, state, series)
		}
		return series
	}
	write("a", now)
	write("b", now)
	s.Forget("b", now.Add(time.Second))
	write("b", now.Add(time.Second/2))
	if !shown("a") || shown("b") || s.count != 1 {
		t.Errorf("a %v, b %v, %d series", shown("a"), shown("b"), s.count)
	}
	write("b", now.Add(2*time.Second))
	if !shown("b") {
		t.Error("a stream that came back is not shown")
	}
}
