package sim

import (
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/media"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// Origin is a live HLS origin for any number of streams. It is an http.Handler,
// safe for concurrent use. Paths are /STREAM/playlist.m3u8 (multivariant),
// /STREAM/RENDITION/playlist.m3u8 and the segments beside it.
type Origin struct {
	config   Config
	streams  map[string]*stream
	segments *edge.Cache
}

// segmentCacheBytes holds the newest dozens of segments.
const segmentCacheBytes = 8 << 20

// stream is one broadcast.
type stream struct {
	name      string
	index     int
	start     time.Time
	tracks    []*track
	subtitles *track     // nil is none
	healthy   *edge.Blob // the multivariant playlist
}

// track is one rendition of a stream.
type track struct {
	stream     *stream
	name       string
	index      int
	bandwidth  int
	average    int
	codecs     string
	resolution string
	frameRate  float64
	suffix     string   // of segments' names
	timeline   timeline // without faults

	mu     sync.Mutex // guards the playlist written last
	number int64
	parts  int // of the segment in progress, with low latency
	blob   *edge.Blob
}

// NewOrigin returns an origin that is live from Config.Start on.
func NewOrigin(c Config) *Origin {
	c = c.withDefaults(time.Now())
	o := &Origin{config: c, streams: make(map[string]*stream, len(c.Streams)), segments: edge.NewCache(segmentCacheBytes)}
	videos := media.Videos()
	for i, name := range c.Streams {
		s := &stream{name: name, index: i, start: c.Start}
		if c.Stagger {
			later := c.SegmentDuration * time.Duration(i) / time.Duration(len(c.Streams))
			s.start = s.start.Add(later.Truncate(time.Millisecond))
		}
		for j, r := range c.Renditions {
			v := videos[j%len(videos)]
			t := &track{
				stream: s, name: r.Name, index: j, bandwidth: r.Bandwidth, average: min(r.Bandwidth, v.Average),
				codecs: v.Codecs, resolution: r.Resolution, frameRate: v.FrameRate, suffix: mediaSuffix(c.FMP4), number: -1,
			}
			t.timeline = o.timeline(s, nil)
			s.tracks = append(s.tracks, t)
		}
		if c.Subtitles {
			s.subtitles = &track{
				stream: s, name: subtitlesName, index: -1, suffix: suffixText, timeline: o.timeline(s, nil),
				number: -1,
			}
		}
		s.healthy = edge.NewBlob(encodeMultivariant(s, s.tracks, c.Second), playlistType, s.start)
		o.streams[name] = s
	}
	return o
}

// Faults returns the board whose faults the origin shows.
func (o *Origin) Faults() *Board { return o.config.Faults }

// timeline lays out a rendition's segments under the faults that stretch them.
func (o *Origin) timeline(s *stream, faults []*injected) timeline {
	c := &o.config
	jitter := min(time.Duration(c.Jitter*float64(c.TargetDuration)), c.SegmentDuration/3)
	return newTimeline(s.start, c.SegmentDuration, c.TargetDuration+time.Second, jitter, uint64(s.index), faults)
}

// accepts reports whether there is a listener to connect to.
func (o *Origin) accepts(path string, now time.Time) bool {
	if len(o.config.Faults.all()) == 0 {
		return true
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return accepted(o.config.Faults.origin(name, "", false, now), now)
}

// ServeHTTP answers for playlists and segments, and 404 for the rest.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !o.accepts(r.URL.Path, time.Now()) {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	if !edge.Readable(w, r) {
		return
	}
	now := time.Now()
	parts := strings.Split(strings.TrimPrefix(path.Clean(r.URL.Path), "/"), "/")
	s := o.streams[parts[0]]
	switch {
	case s == nil || len(parts) < 2 || len(parts) > 3:
		http.NotFound(w, r)
	case len(parts) == 2 && parts[1] == playlistName:
		o.serveMultivariant(w, r, s, now)
	case len(parts) == 2:
		http.NotFound(w, r)
	default:
		t := s.track(parts[1])
		switch {
		case t == nil:
			http.NotFound(w, r)
		case parts[2] == playlistName && o.config.Part > 0 && !t.text():
			o.serveReload(w, r, t, now)
		case parts[2] == playlistName:
			o.serveMedia(w, r, t, now)
		default:
			o.serveSegment(w, r, t, parts[2], now)
		}
	}
}

const (
	playlistName  = "playlist.m3u8"
	subtitlesName = "subs" // of the rendition and of its group
)

// mediaSuffix is how the names of video segments end.
func mediaSuffix(fmp4 bool) string {
	if fmp4 {
		return suffixMP4
	}
	return suffixTS
}

func (s *stream) track(name string) *track {
	for _, t := range s.tracks {
		if t.name == name {
			return t
		}
	}
	if s.subtitles != nil && name == subtitlesName {
		return s.subtitles
	}
	return nil
}

// text reports whether the track is one of subtitles.
func (t *track) text() bool { return t.suffix == suffixText }

func (t *track) last() bool { return !t.text() && t.index == len(t.stream.tracks)-1 }

// faults lists what touches a rendition.
func (o *Origin) faults(t *track, now time.Time) []*injected {
	return o.config.Faults.origin(t.stream.name, t.name, t.last(), now)
}

func (o *Origin) serveMultivariant(w http.ResponseWriter, r *http.Request, s *stream, now time.Time) {
	if s.tracks[0].timeline.last(now) < 0 { // the broadcast has not begun
		http.NotFound(w, r)
		return
	}
	a := answer{kind: multivariant}
	a.apply(o.config.Faults.origin(s.name, "", false, now), now)
	b := s.healthy
	var left []*track
	for _, t := range s.tracks {
		if !o.gone(t, now) {
			left = append(left, t)
		}
	}
	if len(left) < len(s.tracks) {
		b = edge.NewBlob(encodeMultivariant(s, left, o.config.Second), playlistType, now)
	}
	w.Header().Set("Cache-Control", o.config.PlaylistCache)
	a.serve(w, r, b)
}

// gone reports whether the multivariant playlist lacks a rendition.
func (o *Origin) gone(t *track, now time.Time) bool {
	for _, in := range o.faults(t, now) {
		if in.fault.Name == "variant-gone" && in.on(now) {
			return true
		}
	}
	return false
}

func (o *Origin) serveMedia(w http.ResponseWriter, r *http.Request, t *track, now time.Time) {
	faults := o.faults(t, now)
	a := answer{kind: mediaPlaylist}
	a.apply(faults, now)
	b := o.playlist(t, faults, now)
	if b == nil { // the broadcast has not begun
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", o.config.PlaylistCache)
	a.serve(w, r, b)
}

// playlist returns the media playlist of this moment, nil before the first
// segment. Without faults it is written once per segment.
func (o *Origin) playlist(t *track, faults []*injected, now time.Time) *edge.Blob {
	if len(faults) == 0 {
		number := t.timeline.last(now)
		t.mu.Lock()
		defer t.mu.Unlock()
		if number >= 0 && number != t.number {
			v := o.view(t, &t.timeline, number)
			t.number, t.blob = number, edge.NewBlob(v.encode(), playlistType, t.timeline.published(number))
		}
		if number < 0 {
			return nil
		}
		return t.blob
	}
	tl, shown := o.shown(t, faults, now)
	number := tl.last(shown)
	if number < 0 {
		return nil
	}
	v := o.view(t, tl, number)
	for _, in := range faults {
		if in.fault.view != nil {
			in.fault.view(in, now, v)
		}
	}
	return edge.NewBlob(v.encode(), playlistType, tl.published(number))
}

// shown returns the timeline of a rendition under faults and the moment that
// its playlist shows.
func (o *Origin) shown(t *track, faults []*injected, now time.Time) (*timeline, time.Time) {
	tl, shown := o.timeline(t.stream, faults), now
	for _, in := range faults {
		if in.fault.clock != nil {
			shown = in.fault.clock(in, now, shown, o.config.SegmentDuration)
		}
	}
	return &tl, shown
}

// view lists the window that ends with a segment.
func (o *Origin) view(t *track, tl *timeline, number int64) *view {
	c := &o.config
	first := max(0, number-int64(c.Window)+1)
	v := &view{
		version: 6, target: int(c.TargetDuration / time.Second), sequence: first, independent: true,
		window: c.Window, suffix: t.suffix, fmp4: c.FMP4 && !t.text(), encrypt: c.Encrypt && !t.text(), timeline: tl,
		segments: make([]listed, 0, number-first+1),
	}
	if n := int64(c.Discontinuity); n > 0 && first > 0 {
		v.discSequence = (first - 1) / n
	}
	for i := first; i <= number; i++ {
		begin, length := tl.segment(i)
		s := listed{number: i, name: i, length: length, published: tl.published(i)}
		s.disc = c.Discontinuity > 0 && i > 0 && i%int64(c.Discontinuity) == 0
		if !c.PlainTime {
			s.at = t.stream.start.Add(begin).UTC()
		}
		v.segments = append(v.segments, s)
	}
	return v
}
