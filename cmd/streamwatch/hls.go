package main

import (
	"net/url"
	"path"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// notHLS refuses what is plainly the manifest of another protocol, by its name.
func notHLS(name string) error {
	if u, err := url.Parse(name); err == nil {
		name = u.Path
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".mpd":
		return probe.Usage("that is a DASH manifest (.mpd), and streamwatch watches HLS", "give the .m3u8 of the same stream; packagers write both")
	case ".ism", ".isml":
		return probe.Usage("that is a Smooth Streaming manifest, and streamwatch watches HLS", "give the .m3u8 of the same stream")
	default:
		return nil
	}
}
