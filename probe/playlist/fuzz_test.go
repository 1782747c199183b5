package playlist

import (
	"os"
	"strings"
	"testing"

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
		names := make(map[string]bool)
		for _, e := range Ladder(p, probe.AddressOf("http://h/p.m3u8")) {
			if names[e.Name] || e.Name == "" || strings.Trim(e.Name, nameCharacters) != "" {
				t.Errorf("name %q is empty, taken or not clean", e.Name)
			}
			names[e.Name] = true
		}
		for _, problem := range p.Problems {
			if problem.Check == "reader.internal" && !strings.Contains(problem.Detail, "disagree") {
				t.Errorf("the second reader: %+v", problem)
			}
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
