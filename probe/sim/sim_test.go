package sim

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

// got is one answer as a client sees it.
type got struct {
	status int
	header http.Header
	body   string
	err    error
	took   time.Duration
}

func (g got) cache() string { word, _, _ := strings.Cut(g.header.Get("X-Cache"), " "); return word }

func (g got) age() int {
	n, err := strconv.Atoi(g.header.Get("Age"))
	if err != nil {
		return -1
	}
	return n
}

// world is an origin with an edge in front.
type world struct {
	t      *testing.T
	origin *Origin
	edge   *Edge
	hosts  Hosts
	limit  time.Duration // of a request; zero is 30 s
}

// newWorld builds both inside a synctest bubble.
func newWorld(t *testing.T, c Config, ec edge.Config) *world {
	t.Helper()
	c.Faults = NewBoard()
	w := &world{t: t, origin: NewOrigin(c)}
	w.hosts = Hosts{"origin.test": w.origin}
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

// get fetches a URL with header lines "Name: value", for as long as the limit.
func (w *world) get(u string, header ...string) got { return w.do(http.MethodGet, u, header...) }

func (w *world) do(method, u string, header ...string) got {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), cmp.Or(w.limit, 30*time.Second))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+u, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	began := time.Now()
	resp, err := w.hosts.RoundTrip(req)
	if err != nil {
		return got{err: err, took: time.Since(began)}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header, string(body), err, time.Since(began)}
}

func (w *world) inject(text string) {
	w.t.Helper()
	script, err := ParseScript(text)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.origin.Faults().Play(script, "", time.Now()); err != nil {
		w.t.Fatal(err)
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
		w := newWorld(t, Config{TargetDuration: 6 * time.Second, SegmentDuration: 2 * time.Second, Discontinuity: 5}, edge.Config{})
		mv := w.get("origin.test/main/playlist.m3u8")
		if mv.status != 200 || strings.Count(mv.body, "#EXT-X-STREAM-INF") != 2 || strings.Contains(mv.body, "PROGRAM-ID") {
			t.Fatalf("multivariant playlist: %d\n%s", mv.status, mv.body)
		}
		before := scan{}
		for range 20 {
			g := w.get("origin.test" + high + playlistName)
			s := read(g.body)
			if s.target != 6 || len(s.uris) != 6 || s.durations[0] != 2 || g.header.Get("Content-Type") != playlistType {
				t.Fatalf("media playlist:\n%v\n%s", g.header, g.body)
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
				if seg := w.get("origin.test" + high + uri); seg.status != 200 || seg.body[0] != 0x47 {
					t.Errorf("%s: status %d", uri, seg.status)
				}
			}
			if next := w.get("origin.test" + high + segmentName(int64(s.sequence+6), 0, suffixTS)); next.status != 404 {
				t.Errorf("a segment that is not listed yet answers %d", next.status)
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
		plain := w.get(u)
		if again := w.get(u, "If-None-Match: "+plain.header.Get("ETag")); again.status != 304 || again.body != "" {
			t.Errorf("unchanged playlist answers %d", again.status)
		}
		zip := w.get(u, "Accept-Encoding: gzip")
		if zip.header.Get("Content-Encoding") != "gzip" || len(zip.body) >= len(plain.body) {
			t.Errorf("gzip: %v", zip.header)
		}
		if again := w.get(u, "Accept-Encoding: gzip", "If-None-Match: "+zip.header.Get("ETag")); again.status != 304 {
			t.Errorf("unchanged compressed playlist answers %d", again.status)
		}
		seg := "origin.test" + high + read(plain.body).last()
		part := w.get(seg, "Range: bytes=0-187")
		if part.status != 206 || len(part.body) != 188 || !strings.HasPrefix(part.header.Get("Content-Range"), "bytes 0-187/") {
			t.Errorf("range: %d %v", part.status, part.header)
		}
		if head := w.do(http.MethodHead, seg); head.status != 200 || head.body != "" || head.header.Get("Content-Length") == "" {
			t.Errorf("HEAD: %d %v", head.status, head.header)
		}
		if pre := w.do(http.MethodOptions, seg); pre.status != 204 || pre.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("OPTIONS: %d %v", pre.status, pre.header)
		}
		for _, path := range []string{"/", "/nope/playlist.m3u8", "/main/nope/playlist.m3u8", high + "segX.ts", high + "seg1.mp4", high + "seg1.ts/x"} {
			if g := w.get("origin.test" + path); g.status != 404 {
				t.Errorf("%s answers %d", path, g.status)
			}
		}
	})
}

func TestSegmentsStayAfterTheyLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{}, edge.Config{})
		uri := read(w.get("origin.test" + high + playlistName).body).uris[0]
		time.Sleep(14 * time.Second) // its own duration and one more playlist
		if g := w.get("origin.test" + high + uri); g.status != 200 {
			t.Errorf("a segment that has just left answers %d", g.status)
		}
		time.Sleep(time.Minute)
		if g := w.get("origin.test" + high + uri); g.status != 404 {
			t.Errorf("a segment that left a minute ago answers %d", g.status)
		}
	})
}

func TestBeforeTheBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Start: time.Now().Add(10 * time.Second)}, edge.Config{})
		for _, path := range []string{"/main/playlist.m3u8", high + playlistName, high + "seg0.ts"} {
			if g := w.get("origin.test" + path); g.status != 404 {
				t.Errorf("%s answers %d before the broadcast", path, g.status)
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
	if early > -390*time.Millisecond || late < 390*time.Millisecond || early < -400*time.Millisecond || late > 400*time.Millisecond {
		t.Errorf("jitter is from %v to %v, want nearly ±400 ms", early, late)
	}
}

func TestStaggerSpreadsStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Streams: []string{"a", "b"}, Stagger: true}, edge.Config{})
		a := read(w.get("origin.test/a/360p/playlist.m3u8").body)
		b := read(w.get("origin.test/b/360p/playlist.m3u8").body)
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
