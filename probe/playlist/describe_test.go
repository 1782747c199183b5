package playlist

import (
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// TestWrongFiles: what is not an HLS playlist is one finding, whose sentence says
// what it is, and no ladder or segment is taken from it.
func TestWrongFiles(t *testing.T) {
	ts := "G" + strings.Repeat("\x00\xff", 93) + "\x00"
	channels := "#EXTM3U url-tvg=\"http://epg.example/x.xml\"\n" +
		"#EXTINF:-1 tvg-id=\"one\" group-title=\"News\",One\nhttp://a.example/1.ts\n#EXTINF:-1,Two\nhttp://a.example/2.m3u8\n"
	for _, c := range []struct{ name, text, want string }{
		{"channels", channels, "a list of 2 channels (IPTV)"},
		{
			"channels, bare header", "#EXTM3U\n#EXTINF:-1,One\nhttp://a.example/1.ts\n",
			"a list of channels (IPTV) with 1 entry",
		},
		{
			"channels of length 0",
			"#EXTM3U\r\n#EXTINF:0,One\r\nhttp://a.example/live.m3u8?x=1\r\n#EXTINF:0,Two\r\nhttp://a.example/two.m3u8\r\n",
			"a list of 2 channels",
		},
		{
			"channels with options", "#EXTM3U\n#EXTINF:-1,One\n#EXTVLCOPT:http-user-agent=x\nhttp://a.example/1\n",
			"channels (IPTV)",
		},
		{
			"files", "#EXTM3U\n#EXTINF:213,Artist - Title\nmusic/a.mp3\n#EXTINF:99,Other\nmusic/b.mp3\n",
			"a list of files (M3U) with 2 entries",
		},
		{"files, bare", "#EXTM3U\nhttp://a.example/x.mp3\nhttp://a.example/y.mp3\n", "a list of files (M3U) with 2 entries"},
		{"addresses, bare", "#EXTM3U\nhttp://a.example/x.m3u8\n", "a list of channels (IPTV) with 1 entry"},
		{"pls", "[playlist]\nFile1=http://a.example/\n", "a PLS list"},
		{"dash", "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\">", "a DASH manifest (.mpd)"},
		{"smooth", "<?xml version=\"1.0\"?>\n<SmoothStreamingMedia MajorVersion=\"2\">", "a Smooth Streaming manifest"},
		{"page", "<!DOCTYPE html><html><head><title>\n Sign in </title>", `a web page (HTML) titled "Sign in"`},
		{
			"s3", "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code>",
			`an error of a storage service (XML), not a playlist: "AccessDenied"`,
		},
		{"json", `{"error":"no such stream"}`, `JSON, not a playlist`},
		{"captions", "WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n", "captions (WebVTT)"},
		{"ts", ts + ts, "an MPEG-2 transport stream"},
		{"mp4", "\x00\x00\x00\x18ftypiso5\x00\x00\x02\x00", "an MP4 file"},
		{
			"gzip", "\x1f\x8b\x08\x00\x00",
			"gzip, without a Content-Encoding that says so: have the server send `Content-Encoding: gzip`, or plain text",
		},
		{
			"zstd", "\x28\xb5\x2f\xfd\x04",
			"zstd, without a Content-Encoding that says so: have the server send `Content-Encoding: zstd`, or plain text",
		},
		{
			"gzip that only stores", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x08\x00\xf7\xff#EXTM3U\n",
			"gzip, without a Content-Encoding that says so",
		},
		{"picture", "\x89PNG\r\n\x1a\n", "a picture (PNG)"},
		{"utf-16", "\xff\xfe#\x00E\x00X\x00T\x00", "text in UTF-16: write it in UTF-8, as playlists must be"},
		{"binary", "\x01\x02\x00\x03\xfe", "binary data"},
		{"text", "stream not found\n", `the body is no playlist: "stream not found"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Decode([]byte(c.text), Inputs{})
			if len(p.Problems) == 0 || len(p.Segments) > 0 || p.Kind != probe.UnknownKind {
				t.Fatalf("kind %v, %d segments, problems %+v", p.Kind, len(p.Segments), p.Problems)
			}
			var header []probe.Problem
			for _, pr := range p.Problems {
				if pr.Check == "m3u.header" {
					header = append(header, pr)
				}
			}
			if len(header) != 1 || !strings.Contains(header[0].Detail, c.want) || header[0].Severity != probe.Critical {
				t.Errorf("%+v, want one critical that says %q", p.Problems, c.want)
			}
		})
	}
}

// What is HLS, however broken, is judged as HLS.
func TestBrokenPlaylistsAreNoLists(t *testing.T) {
	for _, text := range []string{
		"#EXTM3U\n#EXTINF:6.0,\na.ts\n",
		"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:-1,\na.ts\n",
		"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6.0 tvg-id=\"x\",\na.ts\n",
		"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n",
		"#EXTM3U\n",
	} {
		for _, p := range Decode([]byte(text), Inputs{}).Problems {
			if p.Check == "m3u.header" {
				t.Errorf("%q: %+v", text, p)
			}
		}
	}
}

// TestQuote: what a problem repeats of a text goes through Inputs.Quote before it
// is cut, so that half a secret cannot be left.
func TestQuote(t *testing.T) {
	secret := strings.Repeat("s3cr3t", 10)
	mask := func(s string) string { return strings.ReplaceAll(s, secret, "REDACTED") }
	for _, text := range []string{
		secret, "<html><title>" + secret, "<html><title>" + secret + "</title>", `{"key": "` + secret + `"}`,
		head + "#EXTINF:6.0,\na.ts\n" + secret + "\n", head + "#EXTINF:" + secret + ",\na.ts\n",
	} {
		for _, p := range Decode([]byte(text), Inputs{Quote: mask}).Problems {
			if strings.Contains(p.Detail, "s3cr3t") {
				t.Errorf("%.20q: %s", text, p.Detail)
			}
		}
		for _, p := range Decode([]byte(text), Inputs{Quote: func(string) string { return "" }}).Problems {
			if strings.Contains(p.Detail, "s3c") {
				t.Errorf("%.20q is not to be repeated: %s", text, p.Detail)
			}
		}
	}
}
