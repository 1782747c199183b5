package evidence

import (
	"fmt"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// list names segments 7 to 12 after a format.
func list(format string, change func(s *probe.Segment)) *probe.Playlist {
	pl := &probe.Playlist{Kind: probe.Media, TargetDuration: probe.State(2 * time.Second)}
	for msn := uint64(7); msn < 13; msn++ {
		s := probe.Segment{MSN: msn, URI: fmt.Sprintf(format, msn), Duration: 2 * time.Second}
		if change != nil {
			change(&s)
		}
		pl.Segments = append(pl.Segments, s)
	}
	return pl
}

func TestRenamed(t *testing.T) {
	for _, tc := range []struct {
		name, a, b string
		change     func(s *probe.Segment)
		want       bool
	}{
		{"session numbers", "media_w203694312_b100000_%d.ts", "media_w1255555737_b100000_%d.ts", nil, true},
		{"a session as a folder", "/s/3f2a9c1e-77aa-4b01/%d.ts", "/s/90ac11d2-0b1f-9c77/%d.ts", nil, true},
		{"two packagers", "a/seg%d.ts", "b/seg%d.ts", nil, false},
		{"other numbers in the names", "seg17000000%02d.ts", "seg17000001%02d.ts", nil, false},
		{"the same names", "w203694312_%d.ts", "w203694312_%d.ts", nil, false},
		{
			"other durations", "w203694312_%d.ts", "w1255555737_%d.ts",
			func(s *probe.Segment) { s.Duration += time.Second / 2 }, false,
		},
		{"other dates", "w203694312_%d.ts", "w1255555737_%d.ts", func(s *probe.Segment) { s.PDT = time.Unix(1e9, 0) }, false},
		{"another discontinuity", "w203694312_%d.ts", "w1255555737_%d.ts", func(s *probe.Segment) { s.DSN++ }, false},
		{"one other name", "w203694312_%d.ts", "w203694312_%d.ts", func(s *probe.Segment) {
			if s.MSN == 9 {
				s.URI = "w1255555737_9.ts"
			}
		}, false},
		{
			"another map", "w203694312_%d.m4s", "w1255555737_%d.m4s",
			func(s *probe.Segment) { s.Map = &probe.Map{URI: "init.mp4"} }, false,
		},
	} {
		if got := Renamed(list(tc.a, nil), list(tc.b, tc.change)); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestStitched(t *testing.T) {
	ads := func(from, to uint64, broken bool) func(s *probe.Segment) {
		return func(s *probe.Segment) {
			if s.MSN >= from && s.MSN < to {
				s.URI = "ad" + s.URI
			}
			if broken && s.MSN >= from {
				s.DSN++
			}
			if broken && s.MSN >= to {
				s.DSN++
			}
		}
	}
	for _, tc := range []struct {
		name string
		edge func(s *probe.Segment)
		want bool
	}{
		{"between discontinuities", ads(9, 11, true), true},
		{"to the end of the window", ads(9, 20, true), true},
		{"without discontinuities", ads(9, 11, false), false},
		{"nothing of the origin's", ads(0, 20, true), false},
		{"nothing else", nil, false},
		{"the first segment after a break", func(s *probe.Segment) { s.DSN, s.Discontinuity = s.DSN+2, s.MSN == 7 }, true},
		{"a discontinuity in the middle", func(s *probe.Segment) {
			if s.Discontinuity = s.MSN == 9; s.MSN >= 9 {
				s.DSN++
			}
		}, false},
	} {
		if got := Stitched(list("seg%d.ts", nil), list("seg%d.ts", tc.edge)); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
