package probe_test

import (
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

func TestRebase(t *testing.T) {
	const edge, origin, below = "https://edge.example", "http://origin.example:8080/", "http://origin.example:8080/live"
	for _, c := range []struct{ u, to, want string }{
		{"/live/m.m3u8", edge, "https://edge.example/live/m.m3u8"},
		{"live/m.m3u8", origin, "http://origin.example:8080/live/m.m3u8"},
		{"http://origin.example:8080/a/m.m3u8?t=1", edge, "https://edge.example/a/m.m3u8?t=1"},
		{"http://origin.example:8080/live/m.m3u8", edge, "https://edge.example/m.m3u8"}, // the longest base counts
		{"https://edge.example/m.m3u8", edge, "https://edge.example/m.m3u8"},
		{"https://other.example/m.m3u8", edge, "https://other.example/m.m3u8"},
		{"https://edge.example.org/m.m3u8", origin, "https://edge.example.org/m.m3u8"}, // begins like the edge's name
		{"https://edge.example/m.m3u8", "", "https://edge.example/m.m3u8"},
	} {
		if got := probe.Rebase(c.u, c.to, edge, origin, below, ""); got != c.want {
			t.Errorf("Rebase(%q, %q) = %q, want %q", c.u, c.to, got, c.want)
		}
	}
}
