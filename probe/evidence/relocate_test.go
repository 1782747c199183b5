package evidence

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

func TestRelocated(t *testing.T) {
	for _, tc := range []struct {
		name, origin, edge string
		change             func(s *probe.Segment)
		want               bool
	}{
		{"whole addresses", "seg%d.ts", "https://edge.test/v/seg%d.ts?x=1", nil, true},
		{"from the root", "seg%d.ts", "/live/seg%d.ts", nil, true},
		{"a token in front", "https://origin.test/seg%d.ts", "https://edge.test/hdntl=exp1~hmac=2/seg%d.ts", nil, true},
		{"after an ad break", "seg%d.ts", "/live/seg%d.ts", func(s *probe.Segment) { s.DSN += 2 }, true},
		{"the same names", "seg%d.ts", "seg%d.ts", nil, false},
		{"other numbers", "seg%d.ts", "/live/seg1%d.ts", nil, false},
		{"other durations", "seg%d.ts", "/live/seg%d.ts", func(s *probe.Segment) { s.Duration += time.Second }, false},
		{"other dates", "seg%d.ts", "/live/seg%d.ts", func(s *probe.Segment) { s.PDT = time.Unix(1e9, 0) }, false},
		{"one elsewhere", "seg%d.ts", "/live/seg%d.ts", func(s *probe.Segment) {
			if s.MSN == 9 {
				s.URI = "/ads/seg9.ts"
			}
		}, false},
	} {
		if got := Relocated(list(tc.origin, nil), list(tc.edge, tc.change)); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestBoth: a segment that has another name on each side is still one.
func TestBoth(t *testing.T) {
	side := func(format string) *History {
		h := &History{Playlist: list(format, func(s *probe.Segment) {
			s.Map = &probe.Map{URI: strings.Replace(s.URI, fmt.Sprintf("%02d.ts", s.MSN), "init.mp4", 1)}
		})}
		for i := range h.Playlist.Segments {
			s := &h.Playlist.Segments[i]
			h.Segments = append(h.Segments, SegmentRecord{MSN: s.MSN, URI: s.URI})
		}
		h.Maps = append(h.Maps, MapRecord{URI: h.Playlist.Segments[0].Map.URI})
		return h
	}
	for _, tc := range []struct {
		name, edge, origin string
		want               bool
	}{
		{"one name", "seg%02d.ts", "seg%02d.ts?token=2", true},
		{"whole addresses", "https://edge.test/seg%02d.ts", "seg%02d.ts", true},
		{"sessions", "media_w203694312_%02d.ts", "media_w1255555737_%02d.ts", true},
		{"another stream", "seg%02d.ts", "sog%02d.ts", false},
	} {
		edge, origin := side(tc.edge), side(tc.origin)
		edge.Pair, origin.Pair = origin, edge
		if _, _, ok := edge.Both(edge.Pair, 9); ok != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, ok, tc.want)
		}
		if _, ok := edge.PairMap(edge.Maps[0].URI, 0); ok != tc.want {
			t.Errorf("%s: the map: %v, want %v", tc.name, ok, tc.want)
		}
	}
	if _, _, ok := side("seg%02d.ts").Both(nil, 9); ok {
		t.Error("there is no other side")
	}
}
