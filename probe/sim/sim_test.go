package sim

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
	"github.com/streamwatch/streamwatch/provision/edge/edgetest"
)

// world is an origin with an edge in front.
type world struct {
	edgetest.Client
	origin *Origin
	edge   *Edge
	hosts  Hosts
}

// newWorld builds both inside a synctest bubble.
func newWorld(t *testing.T, c Config, ec edge.Config) *world {
	t.Helper()
	c.Faults = NewBoard()
	w := &world{origin: NewOrigin(c)}
	w.hosts = Hosts{"origin.test": w.origin}
	w.Client = edgetest.Client{T: t, Servers: w.hosts}
	ec.Origin, ec.Transport = mustURL("http://origin.test/"), w.hosts
	w.edge = NewEdge(ec, c.Faults, "")
	w.hosts["edge.test"] = w.edge
	return w
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

func (w *world) inject(text string) {
	w.T.Helper()
	script, err := ParseScript(text)
	if err != nil {
		w.T.Fatal(err)
	}
	if err := w.origin.Faults().Play(script, "", time.Now()); err != nil {
		w.T.Fatal(err)
	}
}

// scan is a line reader that shares nothing with the writer.
type scan struct {
	target, sequence, discSequence, discs, gaps int
	version                                     string
	independent, end, whole                     bool
	uris                                        []string
	durations                                   []float64
	times                                       []time.Time
}

func read(body string) scan {
	s := scan{sequence: -1, whole: strings.HasSuffix(body, "\n")}
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.Atoi(value)
		switch {
		case name == "#EXT-X-TARGETDURATION":
			s.target = n
		case name == "#EXT-X-MEDIA-SEQUENCE":
			s.sequence = n
		case name == "#EXT-X-DISCONTINUITY-SEQUENCE":
			s.discSequence = n
		case name == "#EXT-X-DISCONTINUITY":
			s.discs++
		case name == "#EXT-X-GAP":
			s.gaps++
		case name == "#EXT-X-VERSION":
			s.version = value
		case name == "#EXT-X-INDEPENDENT-SEGMENTS":
			s.independent = true
		case name == "#EXT-X-ENDLIST":
			s.end = true
		case name == "#EXT-X-PROGRAM-DATE-TIME":
			at, _ := time.Parse(time.RFC3339Nano, value)
			s.times = append(s.times, at)
		case name == "#EXTINF":
			d, _ := strconv.ParseFloat(strings.TrimSuffix(value, ","), 64)
			s.durations = append(s.durations, d)
		case line != "" && line[0] != '#':
			s.uris = append(s.uris, line)
		}
	}
	return s
}

func (s scan) last() string {
	if len(s.uris) == 0 {
		return ""
	}
	return s.uris[len(s.uris)-1]
}

const (
	high = "/main/360p/"
	low  = "/main/240p/"
)

func TestOriginHealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{TargetDuration: 6 * time.Second, SegmentDuration: 2 * time.Second, Discontinuity: 5},
			edge.Config{})
		mv := w.Get("origin.test/main/playlist.m3u8")
		if mv.Status != 200 || strings.Count(mv.Body, "#EXT-X-STREAM-INF") != 2 || strings.Contains(mv.Body, "PROGRAM-ID") {
			t.Fatalf("multivariant playlist: %d\n%s", mv.Status, mv.Body)
		}
		before := scan{}
		for range 20 {
			g := w.Get("origin.test" + high + playlistName)
			s := read(g.Body)
			if s.target != 6 || len(s.uris) != 6 || s.durations[0] != 2 || g.Header.Get("Content-Type") != playlistType {
				t.Fatalf("media playlist:\n%v\n%s", g.Header, g.Body)
			}
			if end := s.times[5].Add(2 * time.Second); !end.Equal(time.Now()) {
				t.Errorf("newest segment ends at %v, now is %v", end, time.Now())
			}
			if before.sequence > 0 && s.sequence != before.sequence+1 {
				t.Errorf("media sequence %d follows %d", s.sequence, before.sequence)
			}
			if want := (s.sequence - 1) / 5; s.discSequence != want {
				t.Errorf("discontinuity sequence %d at %d, want %d", s.discSequence, s.sequence, want)
			}
			for _, uri := range s.uris {
				if seg := w.Get("origin.test" + high + uri); seg.Status != 200 || seg.Body[0] != 0x47 {
					t.Errorf("%s: status %d", uri, seg.Status)
				}
			}
			if next := w.Get("origin.test" + high + segmentName(int64(s.sequence+6), 0, suffixTS)); next.Status != 404 {
				t.Errorf("a segment that is not listed yet answers %d", next.Status)
			}
			before = s
			time.Sleep(2 * time.Second)
		}
	})
}

func TestOriginConditionalRangeGzip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Window: 20}, edge.Config{})
		u := "origin.test" + high + playlistName
		plain := w.Get(u)
		if again := w.Get(u, "If-None-Match: "+plain.Header.Get("ETag")); again.Status != 304 || again.Body != "" {
			t.Errorf("unchanged playlist answers %d", again.Status)
		}
		zip := w.Get(u, "Accept-Encoding: gzip")
		if zip.Header.Get("Content-Encoding") != "gzip" || len(zip.Body) >= len(plain.Body) {
			t.Errorf("gzip: %v", zip.Header)
		}
		if again := w.Get(u, "Accept-Encoding: gzip", "If-None-Match: "+zip.Header.Get("ETag")); again.Status != 304 {
			t.Errorf("unchanged compressed playlist answers %d", again.Status)
		}
		seg := "origin.test" + high + read(plain.Body).last()
		part := w.Get(seg, "Range: bytes=0-187")
		if part.Status != 206 || len(part.Body) != 188 ||
			!strings.HasPrefix(part.Header.Get("Content-Range"), "bytes 0-187/") {
			t.Errorf("range: %d %v", part.Status, part.Header)
		}
		if head := w.Do(http.MethodHead, seg); head.Status != 200 || head.Body != "" ||
			head.Header.Get("Content-Length") == "" {
			t.Errorf("HEAD: %d %v", head.Status, head.Header)
		}
		if pre := w.Do(http.MethodOptions, seg); pre.Status != 204 || pre.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("OPTIONS: %d %v", pre.Status, pre.Header)
		}
		for _, path := range []string{
			"/", "/nope/playlist.m3u8", "/main/nope/playlist.m3u8", high + "segX.ts", high + "seg1.mp4", high + "seg1.ts/x",
		} {
			if g := w.Get("origin.test" + path); g.Status != 404 {
				t.Errorf("%s answers %d", path, g.Status)
			}
		}
	})
}

func TestSegmentsStayAfterTheyLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{}, edge.Config{})
		uri := read(w.Get("origin.test" + high + playlistName).Body).uris[0]
		time.Sleep(14 * time.Second) // its own duration and one more playlist
		if g := w.Get("origin.test" + high + uri); g.Status != 200 {
			t.Errorf("a segment that has just left answers %d", g.Status)
		}
		time.Sleep(time.Minute)
		if g := w.Get("origin.test" + high + uri); g.Status != 404 {
			t.Errorf("a segment that left a minute ago answers %d", g.Status)
		}
	})
}

func TestBeforeTheBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Start: time.Now().Add(10 * time.Second)}, edge.Config{})
		for _, path := range []string{"/main/playlist.m3u8", high + playlistName, high + "seg0.ts"} {
			if g := w.Get("origin.test" + path); g.Status != 404 {
				t.Errorf("%s answers %d before the broadcast", path, g.Status)
			}
		}
		time.Sleep(12 * time.Second)
		if s := w.playlist("origin.test", high); s.sequence != 0 || len(s.uris) != 1 {
			t.Errorf("after the first segment: %d segments from %d", len(s.uris), s.sequence)
		}
	})
}

func TestJitterIsMonotone(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	tl := newTimeline(start, 2*time.Second, 3*time.Second, 400*time.Millisecond, 7, nil)
	seen := int64(-1)
	early, late := time.Duration(0), time.Duration(0)
	for at := time.Duration(0); at < 72*time.Hour; at += 1100 * time.Millisecond {
		n := tl.last(start.Add(at))
		if n < seen || n > seen+1 && seen >= 0 {
			t.Fatalf("at %v segment %d follows %d", at, n, seen)
		}
		if n >= 0 && (tl.published(n).After(start.Add(at)) || !tl.published(n+1).After(start.Add(at))) {
			t.Fatalf("at %v the newest segment is said to be %d", at, n)
		}
		seen = n
		early, late = min(early, tl.shift(max(0, n))), max(late, tl.shift(max(0, n)))
	}
	if early > -390*time.Millisecond || late < 390*time.Millisecond || early < -400*time.Millisecond ||
		late > 400*time.Millisecond {
		t.Errorf("jitter is from %v to %v, want nearly ±400 ms", early, late)
	}
}

func TestStaggerSpreadsStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Streams: []string{"a", "b"}, Stagger: true}, edge.Config{})
		a := read(w.Get("origin.test/a/360p/playlist.m3u8").Body)
		b := read(w.Get("origin.test/b/360p/playlist.m3u8").Body)
		if d := a.times[5].Sub(b.times[5]); d != time.Second {
			t.Errorf("the streams are %v apart, want half a segment", d)
		}
	})
}

func BenchmarkPlaylist(b *testing.B) {
	o := NewOrigin(Config{})
	benchmark(b, o, high+playlistName)
}

func BenchmarkPlaylistUnderFault(b *testing.B) {
	o := NewOrigin(Config{})
	_ = o.Faults().Inject(Injection{Fault: "td-changed"})
	benchmark(b, o, high+playlistName)
}

func BenchmarkSegmentRange(b *testing.B) {
	o := NewOrigin(Config{})
	benchmark(b, o, high+segmentName(o.streams["main"].tracks[0].timeline.last(time.Now()), 0, suffixTS))
}

func BenchmarkEdgeHit(b *testing.B) {
	o := NewOrigin(Config{})
	long := edge.TTL{Min: time.Hour, Default: time.Hour, Max: time.Hour}
	e := NewEdge(edge.Config{Origin: mustURL("http://origin.test"), Transport: Transport(o), ManifestTTL: long}, nil, "")
	benchmark(b, e, high+playlistName)
}

func benchmark(b *testing.B, h http.Handler, path string) {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Range", "bytes=0-1879")
	if strings.HasSuffix(path, "m3u8") {
		r.Header.Del("Range")
	}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(&nowhere{header: http.Header{}}, r)
	}
}

// nowhere is a ResponseWriter that keeps nothing.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) WriteHeader(int)             {}
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
