package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var m3uHeader = register(Check{
	ID:      "m3u.header",
	Summary: "what is served is not a playlist",
	Doc: "The first line is not #EXTM3U. Critical if the body is no playlist at all (HTML, JSON, empty) " +
		"or one that is compressed without a Content-Encoding, otherwise an error.",
	Spec:     "RFC 8216bis §4.4.1.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	Hold:     1,
	Explains: []string{
		"upd.stale", "ll.*", "alt.*", "edge.*", "http.ctype.playlist", "http.truncated", "m3u.*", "td.present", "mv.*",
	},
	Transport: true,
	Run: func(p *Pass) {
		if p.Obs.Playlist == nil {
			return
		}
		if origin, watched := p.origin(); watched && origin.Polls == 0 && p.History.Polls == 1 {
			p.Silent = true // one that answers a moment later tells whose fault it is
			return
		}
		s := probe.Error
		if p.Obs.Playlist.Kind == probe.UnknownKind {
			s = probe.Critical
		}
		p.reportProblem("m3u.header", s)
		if p.Found != nil && p.History.Playlist != nil { // the address is right: it gave a playlist before
			p.Found.Detail, _, _ = strings.Cut(p.Found.Detail, ": give ")
		}
	},
})
