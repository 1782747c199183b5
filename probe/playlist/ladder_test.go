package playlist

import (
	"fmt"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

func TestLadder(t *testing.T) {
	for _, c := range []struct {
		name string
		tags []string // of the playlist, without URI lines: those are v0, v1, …
		want string
	}{
		{
			"heights, then bandwidths",
			[]string{"v:RESOLUTION=1280x720,BANDWIDTH=2800000", "v:BANDWIDTH=1200400"},
			"720p=v0 1200k=v1",
		},
		{
			"one height twice",
			[]string{"v:RESOLUTION=1280x720,BANDWIDTH=2800000", "v:RESOLUTION=1280x720,BANDWIDTH=1400000"},
			"720p-2800k=v0 720p-1400k=v1",
		},
		{
			"one height and bandwidth three times",
			[]string{
				"v:RESOLUTION=1280x720,BANDWIDTH=2800000", "v:RESOLUTION=1280x720,BANDWIDTH=2800000",
				"v:RESOLUTION=1280x720,BANDWIDTH=2800000",
			},
			"720p-2800k=v0 720p-2800k-2=v1 720p-2800k-3=v2",
		},
		{"nothing to name it by", []string{"v:CODECS=\"x\"", "v:NAME=\"../High §!\""}, "variant=v0 High=v1"},
		{"one URI twice", []string{"v:BANDWIDTH=1200000", "=v0:BANDWIDTH=1300000,AUDIO=\"b\""}, "1200k=v0"},
		{"renditions", []string{
			"m:TYPE=AUDIO,GROUP-ID=\"lo\",NAME=\"English\",LANGUAGE=\"en\",URI=\"a\"",
			"m:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"Deutsch (Forced)\",URI=\"s\"",
			"m:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"CC1\",INSTREAM-ID=\"CC1\"",
			"m:TYPE=AUDIO,GROUP-ID=\"lo\",NAME=\"muxed\"", "v:BANDWIDTH=1200000",
		}, "1200k=v4 audio-en=a subtitles-Deutsch-Forced=s"},
		{"one language in two groups", []string{
			"m:TYPE=AUDIO,GROUP-ID=\"lo\",NAME=\"English\",LANGUAGE=\"en\",URI=\"a\"",
			"m:TYPE=AUDIO,GROUP-ID=\"hi\",NAME=\"English\",LANGUAGE=\"en\",URI=\"b\"",
		}, "audio-en-lo=a audio-en-hi=b"},
		{"not to be fetched", []string{"=ftp://h/x:BANDWIDTH=1000", "=%zz:BANDWIDTH=1000", "v:BANDWIDTH=2000"}, "2k=v2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text strings.Builder
			text.WriteString("#EXTM3U\n")
			for i, tag := range c.tags {
				uri, list, _ := strings.Cut(tag, ":")
				if rest, ok := strings.CutPrefix(uri, "=ftp"); ok { // the scheme has a colon of its own
					list = strings.TrimPrefix(list, "//h/x:")
					uri = "ftp://h/x" + rest
				}
				switch uri {
				case "m":
					fmt.Fprintf(&text, "#EXT-X-MEDIA:%s\n", list)
				case "v":
					fmt.Fprintf(&text, "#EXT-X-STREAM-INF:%s\nv%d\n", list, i)
				default:
					fmt.Fprintf(&text, "#EXT-X-STREAM-INF:%s\n%s\n", list, strings.TrimPrefix(uri, "="))
				}
			}
			var got []string
			for _, e := range Ladder(Decode([]byte(text.String()), Inputs{}), probe.AddressOf("https://h/dir/p.m3u8?x=1")) {
				got = append(got, e.Name+"="+strings.TrimPrefix(e.URL, "https://h/dir/"))
				if (e.Kind == KindVariant) != (e.Variant != nil) || (e.Kind == KindVariant) == (e.Rendition != nil) {
					t.Errorf("%s is of kind %s with variant %v and rendition %v", e.Name, e.Kind, e.Variant, e.Rendition)
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("ladder %s, want %s", s, c.want)
			}
		})
	}
}

func TestLadderOfMedia(t *testing.T) {
	if l := Ladder(Decode([]byte(head), Inputs{}), probe.AddressOf("https://h/p.m3u8")); l != nil {
		t.Errorf("a media playlist has the ladder %+v", l)
	}
}

// A packager that computes BANDWIDTH anew renames nothing, wherever the name holds
// it and in whichever order the variants stand.
func TestKeepNames(t *testing.T) {
	const high, low = "#EXT-X-STREAM-INF:RESOLUTION=1280x720,BANDWIDTH=%d\n%s\n", "#EXT-X-STREAM-INF:BANDWIDTH=%d\n%s\n"
	of := func(variants ...string) []Entry {
		text := "#EXTM3U\n" + strings.Join(variants, "")
		return Ladder(Decode([]byte(text), Inputs{}), probe.AddressOf("https://h/p.m3u8"))
	}
	v := func(form string, bandwidth int, uri string) string { return fmt.Sprintf(form, bandwidth, uri) }
	before := of(v(high, 2800000, "a"), v(high, 1400000, "b"), v(low, 900000, "c"))
	for _, c := range []struct {
		name    string
		now     []Entry
		earlier [][]Entry
		want    string
	}{
		{"nothing known", of(v(low, 900000, "c")), nil, "900k=c"},
		{"the same", before, [][]Entry{before}, "720p-2800k=a 720p-1400k=b 900k=c"},
		{
			"other bandwidths, another order",
			of(v(low, 950000, "c"), v(high, 1500000, "b"), v(high, 2900000, "a")),
			[][]Entry{before},
			"900k=c 720p-1400k=b 720p-2800k=a",
		},
		{
			"other bandwidths and addresses",
			of(v(high, 2900000, "a?s=1"), v(high, 1500000, "y"), v(low, 950000, "z")),
			[][]Entry{before},
			"720p-2800k=a?s=1 720p-1400k=y 900k=z",
		},
		{"one is left", of(v(high, 1500000, "b")), [][]Entry{before}, "720p-1400k=b"},
		{"another height", of("#EXT-X-STREAM-INF:RESOLUTION=640x360,BANDWIDTH=1\na\n"), [][]Entry{before}, "360p=a"},
		{
			"one more, known elsewhere",
			of(v(high, 2900000, "a"), v(low, 950000, "c"), v(low, 400000, "d")),
			[][]Entry{before, of(v(low, 950000, "c"), v(low, 300000, "d"))},
			"720p-2800k=a 900k=c 300k=d",
		},
		{
			"a new one with a name that is taken",
			of(v(high, 1400000, "a"), v(high, 2800000, "n"), v(high, 700000, "b")),
			[][]Entry{before},
			"720p-2800k=a 720p-2800k-2=n 720p-1400k=b",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			KeepNames(c.now, c.earlier...)
			var got []string
			for _, e := range c.now {
				got = append(got, e.Name+"="+strings.TrimPrefix(e.URL, "https://h/"))
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("names %s, want %s", s, c.want)
			}
		})
	}
}
