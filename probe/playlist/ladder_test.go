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
