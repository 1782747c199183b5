package playlist

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// FuzzDecode holds any text to what must always be true: no panic, consecutive
// media sequence numbers, durations from 0, URIs that the text has, bounded
// problems, a ladder of unique clean names, and a hash that ignores comments.
func FuzzDecode(f *testing.F) {
	for _, c := range problemCases {
		f.Add([]byte(c.text))
	}
	for _, c := range factCases {
		f.Add([]byte(c.text))
	}
	if os.Getenv("STREAMWATCH_CORPUS") != "" {
		for _, e := range corpus(f) {
			if len(e.body) < 16<<10 {
				f.Add(e.body)
			}
		}
	}
	f.Add(mediaText(3))
	f.Add(multivariantText(3))
	f.Fuzz(func(t *testing.T, body []byte) {
		p := Decode(body, Inputs{Address: probe.AddressOf("http://h/p.m3u8?token=1"), Imports: map[string]string{"x": "y"}})
		checkInvariants(t, "input", body, p)
		if p.Bytes != len(body) {
			t.Errorf("%d bytes, want %d", p.Bytes, len(body))
		}
		if n := strings.Count(string(body), "\n") + strings.Count(string(body), "\r") + 1; len(p.Segments) > n {
			t.Errorf("%d segments in %d lines", len(p.Segments), n)
		}
		if p.Window() < 0 || p.MeasuredTarget() < 0 || p.MeasuredTarget() > longestMedia {
			t.Errorf("a window of %s, a target duration of %s", p.Window(), p.MeasuredTarget())
		}
		names := make(map[string]bool)
		for _, e := range Ladder(p, probe.AddressOf("http://h/p.m3u8")) {
			if names[e.Name] || e.Name == "" || strings.Trim(e.Name, nameCharacters) != "" {
				t.Errorf("name %q is empty, taken or not clean", e.Name)
			}
			names[e.Name] = true
		}
		for _, text := range SecondOpinion(body, Inputs{}) {
			if !strings.Contains(text, "disagree") {
				t.Errorf("the second reader: %s", text)
			}
		}
		for _, problem := range p.Problems {
			if len(problem.Detail) > 1000 {
				t.Errorf("a detail of %d bytes", len(problem.Detail))
			}
		}
		if p.Kind == probe.Multivariant && p.Segments != nil {
			t.Error("a multivariant playlist with segments")
		}
		commented := append([]byte("# comment\n\n"), body...)
		if len(body) > 0 && Hash(commented) != Hash(body) {
			t.Error("the hash depends on a comment")
		}
	})
}

const nameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

// What is near the greatest time.Duration, or beyond it, is a finding, and no sum of it wraps.
func TestAbsurdDurations(t *testing.T) {
	for _, d := range []string{
		"9223372036.854775807", "9223372035", "9000000000.5", "99999999999999999999", "2592001", "1e300",
	} {
		text := "#EXTM3U\n#EXT-X-TARGETDURATION:" + d + "\n" + strings.Repeat("#EXTINF:"+d+",\na.ts\n", 3) +
			"#EXTINF:2.0,\nb.ts\n"
		p := Decode([]byte(text), Inputs{Address: probe.AddressOf("http://h/p.m3u8")})
		if w := p.Window(); w != 2*time.Second {
			t.Errorf("%s: a window of %s", d, w)
		}
		if got := p.MeasuredTarget(); got != 2*time.Second {
			t.Errorf("%s: a target duration of %s", d, got)
		}
		for _, check := range []string{"inf.bad", "td.present"} {
			if !slices.ContainsFunc(p.Problems, func(p probe.Problem) bool { return p.Check == check }) {
				t.Errorf("%s: %s says nothing", d, check)
			}
		}
	}
	long := strings.Repeat("#EXTINF:86400,\na.ts\n", 200_000)
	if w := Decode([]byte("#EXTM3U\n"+long), Inputs{}).Window(); w < 100*365*24*time.Hour {
		t.Errorf("200000 days are a window of %s", w)
	}
}
