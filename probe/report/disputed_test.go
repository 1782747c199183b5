package report

import (
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// What a second reader of a playlist reads otherwise stands below it; where the two
// agree nothing does.
func TestDisputed(t *testing.T) {
	c := Check{URL: "u", Verdict: probe.OK, Playlists: []Playlist{
		{URL: "a", Kind: probe.Media},
		{URL: "b", Kind: probe.Media, Disputed: []string{"line 7: two readers of EXT-X-KEY disagree"}},
	}}
	for format, want := range map[string]string{
		"text": "0.0 s  b\n    line 7: two readers of EXT-X-KEY disagree: grafov/m3u8 reads it otherwise than streamwatch\n",
		"json": `"disputed": [`,
	} {
		var b strings.Builder
		err := c.Write(&b, format, "v1", func(word string) string { return word })
		if err != nil || strings.Count(b.String(), want) != 1 {
			t.Errorf("%s: %v\n%s", format, err, b.String())
		}
	}
}
