package playlist

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"
)

// What a manifest's URL is answered with can be anything. A person who pasted
// the wrong address needs one sentence that says what it is.

// headBytes is how much of a text is looked at: a list of channels shows itself there.
const headBytes = 64 << 10

// describe says what a body is that is no playlist. show makes pieces of it fit
// to be repeated.
func describe(text string, show func(string) string) string {
	t := strings.TrimSpace(strings.TrimPrefix(text, bom))
	head := t[:min(len(t), 8<<10)]
	switch {
	case text == "":
		return "the body is empty, want #EXTM3U"
	case t == "":
		return "the body is blank, want #EXTM3U"
	}
	if what := notText([]byte(text[:min(len(text), headBytes)])); what != "" {
		return what + ", not a playlist: give the URL of the manifest, which ends in .m3u8"
	}
	if what := markup(head, show); what != "" {
		return what
	}
	switch {
	case t[0] == '{' || t[0] == '[' && !strings.HasPrefix(t, "[playlist]"):
		return "JSON, not a playlist: " + quote(show(head)).String()
	case strings.HasPrefix(t, "[playlist]"):
		return "a PLS list of stations, not an HLS playlist: give the .m3u8 that plays"
	case strings.HasPrefix(t, "WEBVTT"):
		return "captions (WebVTT), not a playlist: give the URL of the manifest, which ends in .m3u8"
	case strings.HasPrefix(t, "-----BEGIN"):
		return "a key or a certificate (PEM), not a playlist"
	default:
		return "the body is no playlist: " + quote(show(head)).String()
	}
}

var title = regexp.MustCompile(`(?is)<title[^>]*>\s*(.*?)\s*</title>`)

// markup says what an HTML or XML document is, "" for none.
func markup(head string, show func(string) string) string {
	if head[0] != '<' {
		return ""
	}
	low := strings.ToLower(head)
	switch {
	case strings.Contains(low, "<mpd"):
		return "a DASH manifest (.mpd), not HLS: give the stream's .m3u8, if it has one"
	case strings.Contains(low, "<smoothstreamingmedia"):
		return "a Smooth Streaming manifest, not HLS: give the stream's .m3u8, if it has one"
	case strings.Contains(low, "<html") || strings.HasPrefix(low, "<!doctype html"):
		piece := " that begins with " + quote(show(head)).String()
		if m := title.FindStringSubmatch(head); m != nil && m[1] != "" {
			piece = " titled " + quote(show(m[1])).String()
		}
		return "a web page (HTML)" + piece + ", not a playlist: give the URL of the manifest, not of the page that plays it"
	case strings.Contains(low, "<error>") && strings.Contains(low, "<code>"):
		_, code, _ := strings.Cut(head, "<Code>")
		code, _, _ = strings.Cut(code, "</Code>")
		return "an error of a storage service (XML), not a playlist: " + quote(show(code)).String()
	case strings.Contains(low, "<rss") || strings.Contains(low, "<feed"):
		return "a feed (RSS or Atom), not a playlist"
	default:
		return "XML or HTML, not a playlist: " + quote(show(head)).String()
	}
}

// disguised says of what may well be a playlist, in a form that players cannot read, which
// one that is, "" for any other text.
func disguised(text string) string {
	for _, s := range []struct{ prefix, coding string }{{"\x1f\x8b", "gzip"}, {"\x28\xb5\x2f\xfd", "zstd"}} {
		if strings.HasPrefix(text, s.prefix) {
			return fmt.Sprintf("%s, without a Content-Encoding that says so: have the server send `Content-Encoding: %s`, "+
				"or plain text", s.coding, s.coding)
		}
	}
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return "text in UTF-16: write it in UTF-8, as playlists must be"
	}
	return ""
}

// signatures are the first bytes of what people take for a manifest.
var signatures = []struct{ prefix, what string }{
	{"PK\x03\x04", "a ZIP archive"},
	{"%PDF-", "a PDF document"},
	{"\x89PNG\r\n", "a picture (PNG)"},
	{"\xff\xd8\xff", "a picture (JPEG)"},
	{"GIF8", "a picture (GIF)"},
	{"\x1a\x45\xdf\xa3", "a Matroska or WebM file"},
	{"FLV\x01", "a Flash video"},
	{"OggS", "an Ogg file"},
	{"RIFF", "a RIFF file (AVI, WAV or WebP)"},
	{"ID3", "packed audio (MP3 or AAC)"},
	{"\x7fELF", "a program"},
}

// notText says what a body is that is no text, "" where it is text.
func notText(b []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(b, []byte(s.prefix)) {
			return s.what
		}
	}
	switch {
	case len(b) >= 8 && (string(b[4:8]) == "ftyp" || string(b[4:8]) == "styp" || string(b[4:8]) == "moof" ||
		string(b[4:8]) == "moov"):
		return "an MP4 file or segment"
	case b[0] == 0x47 && (len(b) <= 188 && !utf8.Valid(b) || len(b) > 188 && b[188] == 0x47):
		return "an MPEG-2 transport stream, a segment"
	case len(b) >= 2 && b[0] == 0xff && b[1]&0xe0 == 0xe0:
		return "packed audio (MP3 or AAC)"
	case bytes.IndexByte(b, 0) >= 0 || !utf8.Valid(bytes.TrimRight(b[:min(len(b), 512)], "\x80\xbf\xc2\xe2\xf0")) &&
		odd(b) && controls(b):
		return "binary data"
	default:
		return ""
	}
}

// controls reports whether bytes hold many control characters, as no text does.
func controls(b []byte) bool {
	n := 0
	for _, c := range b[:min(len(b), 512)] {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			n++
		}
	}
	return n*16 > min(len(b), 512)
}

// otherList says what a text is that begins as a playlist does and is a list of
// something else: channels (IPTV) or files. It is "" for HLS, however broken.
func otherList(text string) string {
	head := text[:min(len(text), headBytes)]
	if strings.Contains(head, "#EXT-X-TARGETDURATION") || strings.Contains(head, "#EXT-X-STREAM-INF") ||
		strings.Contains(head, "#EXT-X-MEDIA-SEQUENCE") {
		return ""
	}
	channels, files := false, false
	waits, bare := false, 0 // an EXTINF waits for its URI; URIs without one
	hls := strings.Contains(text, "#EXT-X-")
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		switch info, ok := strings.CutPrefix(line, "#EXTINF:"); {
		case ok:
			before, _, _ := strings.Cut(info, ",")
			channels = channels || strings.HasPrefix(info, "-") || strings.Contains(before, "=\"")
			waits = true
		case strings.HasPrefix(line, "#EXTGRP:"), strings.HasPrefix(line, "#EXTVLCOPT:"),
			strings.HasPrefix(line, "#KODIPROP:"), strings.HasPrefix(line, "#EXTM3U ") && strings.Contains(line, "tvg"):
			channels = true
		case line != "" && line[0] != '#':
			if !waits {
				if hls {
					continue
				}
				bare++
			}
			waits = false
			u, _, _ := strings.Cut(line, "?")
			switch strings.ToLower(path.Ext(u)) {
			case ".m3u8", ".m3u":
				channels = true
			case ".mp3", ".flac", ".m4a", ".ogg", ".wav", ".wma", ".mkv", ".avi", ".mov", ".webm":
				files = true
			}
		}
	}
	n := strings.Count(text, "#EXTINF:") + bare
	const instead = ", not the playlist of one stream: give the .m3u8 of one of them"
	switch {
	case channels && n == 1:
		return "a list of channels (IPTV) with 1 entry" + instead
	case channels && n > 0 && bare < n:
		return fmt.Sprintf("a list of %d channels (IPTV)", n) + instead
	case (files || channels) && !hls:
		return fmt.Sprintf("a list of files (M3U) with %d entries", n) + instead
	default:
		return ""
	}
}
