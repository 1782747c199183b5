package eventfile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// NotHLS refuses what is plainly the manifest of another protocol, by its name.
func NotHLS(name string) error {
	if u, err := url.Parse(name); err == nil {
		name = u.Path
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".mpd":
		return probe.Usage(
			"that is a DASH manifest (.mpd), and streamwatch watches HLS",
			"give the .m3u8 of the same stream; packagers write both",
		)
	case ".ism", ".isml":
		return probe.Usage(
			"that is a Smooth Streaming manifest, and streamwatch watches HLS",
			"give the .m3u8 of the same stream",
		)
	default:
		return nil
	}
}

// OfURL makes the event of one manifest URL: its distribution is there already.
func OfURL(raw string) (*configs.Event, error) {
	u, err := probe.ParseURL(raw)
	if err != nil {
		return nil, probe.Usage(
			"the URL cannot be read",
			"such as https://d111111abcdef8.cloudfront.net/live/main.m3u8",
		)
	}
	e := configs.Default()
	e.Event, e.Player.Title = slug(u), titleOf(u)
	e.Streams = []configs.Stream{{Name: e.Event, Manifest: configs.URL(raw), Renditions: configs.Renditions{All: true}}}
	e.Distribution.Existing = &configs.Existing{URL: configs.URL(u.Scheme + "://" + u.Host)}
	return &e, nil
}

// IsURL reports whether a text is the address of something that is asked for by
// HTTP, rather than the name of a file.
func IsURL(s string) bool {
	scheme, _, found := strings.Cut(s, "://")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// hyphenated returns what of a text may stand in a name, joined by hyphens.
func hyphenated(s string) string {
	return strings.Trim(notName.ReplaceAllString(strings.ToLower(s), "-"), "-")
}

// usual are file names that say nothing about the stream.
var usual = []string{"playlist", "index", "master", "main", "manifest", "chunklist", "stream", "live", "hls", "media"}

// slug names the folder of an address: the end of its path for people, and a
// hash of the whole, since most playlists have one of a few names.
func slug(u *url.URL) string {
	name := hyphenated(strings.TrimSuffix(u.Path, path.Ext(u.Path)))
	if len(name) > 40 {
		name = strings.Trim(name[len(name)-40:], "-")
	}
	sum := sha256.Sum256([]byte(u.String()))
	return cmp.Or(name, "stream") + "-" + hex.EncodeToString(sum[:4])
}

// titleOf is the last part of an address that means something.
func titleOf(u *url.URL) string {
	parts := strings.Split(strings.TrimSuffix(u.Path, path.Ext(u.Path)), "/")
	for _, p := range slices.Backward(parts) {
		if p != "" && !slices.Contains(usual, strings.ToLower(p)) && !strings.ContainsFunc(p, unicode.IsControl) {
			return p
		}
	}
	return "Live stream"
}
