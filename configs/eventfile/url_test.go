package eventfile

import (
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// An event that is made of a URL has a name that no other URL gets, and a title
// for people.
func TestOfURL(t *testing.T) {
	taken := map[string]bool{}
	for _, c := range []struct{ url, base, title string }{
		{"https://a.example/concert/playlist.m3u8", "https://a.example", "concert"},
		{"https://a.example/concert/playlist.m3u8?t=1", "https://a.example", "concert"},
		{"http://b.example:8080/live/index.m3u8", "http://b.example:8080", "Live stream"},
	} {
		e, err := OfURL(c.url)
		if err != nil || e.Distribution.Existing.URL.Reveal() != c.base || e.Player.Title != c.title ||
			e.Streams[0].Manifest.Reveal() != c.url ||
			taken[e.Event] {
			t.Errorf("%s: %s at %s, title %q, %v", c.url, e.Event, e.Distribution.Existing.URL, e.Player.Title, err)
		}
		taken[e.Event] = true
	}
	if _, err := OfURL("https://:port/main.m3u8"); !probe.IsUsage(err) {
		t.Errorf("a URL that cannot be asked: %v", err)
	}
}

// Another protocol is refused by the name of its manifest, and HLS is not.
func TestNotHLS(t *testing.T) {
	for name, want := range map[string]bool{
		"https://a.example/live/manifest.mpd?t=1": true, "stream.isml": true, "https://a.example/main.m3u8": false,
		"main.m3u": false,
	} {
		if err := NotHLS(name); probe.IsUsage(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !IsURL("HTTPS://a.example") || IsURL("main.m3u8") || IsURL("ftp://a.example") {
		t.Error("what is a URL")
	}
}
