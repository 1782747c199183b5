package monitor_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// handler is a RoundTripper that calls a handler in process.
type handler http.HandlerFunc

func (h handler) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h(w, r)
	res := w.Result()
	res.Request = r
	return res, nil
}

// stream serves a live stream of one variant with segments of two seconds that
// stops being published at `until`.
type stream struct {
	start  time.Time
	until  time.Time
	mapped bool // an EXT-X-MAP stands before the segments, and cannot be fetched
	mu     sync.Mutex
	asked  map[string]int
}

func (s *stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked[r.URL.Host+r.URL.Path]++
	s.mu.Unlock()
	now := time.Now()
	if now.After(s.until) {
		now = s.until
	}
	last := int(now.Sub(s.start) / (2 * time.Second))
	switch {
	case r.URL.Path == "/m.m3u8":
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360,CODECS=\"avc1.42c01e\"\nv/p.m3u8\n")
	case r.URL.Path == "/v/p.m3u8":
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		w.Header().Set("Cache-Control", "max-age=1")
		fmt.Fprintf(w, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n", last-6)
		if s.mapped {
			fmt.Fprint(w, "#EXT-X-MAP:URI=\"init.mp4\"\n")
		}
		for i := last - 6; i < last; i++ {
			fmt.Fprintf(w, "#EXTINF:2.000,\nseg%d.ts\n", i)
		}
	case strings.HasPrefix(r.URL.Path, "/v/seg"):
		w.Header().Set("Content-Type", "video/mp2t")
		packet := make([]byte, 188)
		packet[0] = 0x47
		for range 10 {
			_, _ = w.Write(packet)
		}
	default:
		http.NotFound(w, r)
	}
}

// sink keeps the incidents as they last were.
type sink struct {
	mu   sync.Mutex
	last map[string]probe.Incident
}

func (s *sink) Name() string { return "test" }

func (s *sink) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range b.Incidents {
		s.last[in.ID] = in
	}
	return nil
}

// run runs a monitor, and returns what ends it and waits for its end.
func run(t *testing.T, m *monitor.Monitor) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { m.Run(ctx) })
	return func() { cancel(); running.Wait() }
}

func TestAStallIsFoundAndBlamedOnTheEncoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(30 * time.Second), asked: map[string]int{}}
		got := &sink{last: map[string]probe.Incident{}}
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: handler(src.ServeHTTP),
			Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}},
			Sinks:   []probe.Sink{got}, Segments: monitor.SegmentsHead,
		})
		stop := run(t, m)
		time.Sleep(29 * time.Second)
		synctest.Wait()
		if len(got.last) > 0 {
			t.Fatalf("an incident on a healthy stream: %+v", got.last)
		}
		if snap := m.Snapshot(); snap.Verdict != probe.OK || len(snap.Streams[0].Renditions) != 1 || !m.Ready() {
			t.Errorf("healthy snapshot: %+v, ready %v", snap, m.Ready())
		}
		src.mu.Lock()
		polls := src.asked["origin.test/v/p.m3u8"]
		src.mu.Unlock()
		if polls < 14 || polls > 28 {
			t.Errorf("%d polls of the origin in 29 s, want about 20", polls)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(got.last) != 1 {
			t.Fatalf("incidents: %+v, want one", got.last)
		}
		for _, in := range got.last {
			if in.Check != "upd.stale" || in.Blame != probe.BlameEncoder || in.Side != probe.Origin ||
				in.Severity != probe.Critical {
				t.Errorf("incident %+v", in)
			}
			if late := in.Opened.Sub(src.until); late > 4*time.Second {
				t.Errorf("opened %s after the last segment", late)
			}
		}
		if snap := m.Snapshot(); snap.Verdict != probe.Down {
			t.Errorf("verdict %s, want down", snap.Verdict)
		}
		stop()
	})
}

// An initialization section that is not there is found, on a stream whose
// playlists and segments are well.
func TestALostMapIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{
			start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), mapped: true, asked: map[string]int{},
		}
		got := &sink{last: map[string]probe.Incident{}}
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Transport: handler(src.ServeHTTP),
			Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}},
			Sinks:   []probe.Sink{got}, Segments: monitor.SegmentsHead,
		})
		stop := run(t, m)
		time.Sleep(10 * time.Second)
		stop()
		if len(got.last) != 1 {
			t.Fatalf("incidents: %+v, want one", got.last)
		}
		for _, in := range got.last {
			if in.Check != "map.fetch" || in.Blame != probe.BlameOrigin || in.Side != probe.Origin {
				t.Errorf("incident %+v", in)
			}
		}
	})
}

// An edge that has kept an old initialization section since before it was watched is
// found at once, though the origin is slow at first to say what it is.
func TestAnOldMapIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{
			start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), mapped: true, asked: map[string]int{},
		}
		got := &sink{last: map[string]probe.Incident{}}
		var asked atomic.Bool // the origin is slow to answer the first time
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Sinks: []probe.Sink{got},
			Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}}, Segments: monitor.SegmentsRange,
			Transport: handler(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case !strings.HasSuffix(r.URL.Path, "init.mp4"):
					src.ServeHTTP(w, r)
				case r.URL.Host == "edge.test":
					fmt.Fprint(w, "what the encoder wrote before it was started again")
				default:
					if !asked.Swap(true) {
						time.Sleep(2500 * time.Millisecond)
					}
					fmt.Fprint(w, "what the encoder writes now")
				}
			}),
		})
		began := time.Now()
		stop := run(t, m)
		time.Sleep(time.Minute)
		stop()
		late := time.Hour
		for _, in := range got.last {
			if in.Check == "edge.map" {
				late = in.Opened.Sub(began)
			}
		}
		if late > 12*time.Second {
			t.Errorf("found after %s, want 12 s at most: %v", late, got.last)
		}
	})
}

// keepingSink holds samples in memory until it is told to keep them.
type keepingSink struct {
	sink
	held    []probe.Sample
	kept    int
	longest time.Duration // from a sample until it was safe
}

func (s *keepingSink) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, b.Samples...)
	return nil
}

func (s *keepingSink) Keep(context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.held {
		s.longest = max(s.longest, time.Since(s.held[i].At))
	}
	s.kept, s.held = s.kept+len(s.held), nil
}

// What a kill can take is what the last tenth of a second saw.
func TestSamplesAreSafeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
		got := &keepingSink{}
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Transport: handler(src.ServeHTTP),
			Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}},
			Sinks:   []probe.Sink{got}, Segments: monitor.SegmentsHead,
		})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		m.Run(ctx)
		if got.kept < 50 || len(got.held) > 0 || got.longest > 110*time.Millisecond {
			t.Errorf("%d samples kept, the latest after %s; %d never", got.kept, got.longest, len(got.held))
		}
	})
}
