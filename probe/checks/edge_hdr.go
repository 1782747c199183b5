package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var edgeHdr = register(Check{
	ID:      "edge.hdr",
	Summary: "the edge changes the playlist's headers",
	Doc: "The edge tells browsers by max-age to keep the live playlist for more than 1.5 target durations, and longer than the origin does: warning, their own caches stop the stream. Another " +
		"Cache-Control or Content-Type than the origin's, or another ETag (but for W/) on the same text, is info: policies at the edge are made for that. CORS is http.cors.",
	Spec:     "CloudFront Developer Guide, Response headers policies; RFC 9111 §5.2.2",
	Severity: probe.Warning,
	Blame:    probe.BlameConfig,
	After:    2, Of: 3,
	Run: func(p *Pass) {
		h, ex := p.History, &p.Obs.Exchange
		if h.Target.Side != probe.Edge || h.Pair == nil || h.Pair.Good == nil || p.Obs.Playlist == nil || !p.Obs.Playlist.Live() || ex.Status == 304 {
			return
		}
		origin := &h.Pair.Good.Exchange
		said, was := probe.CacheDirectives(ex.CacheControl), probe.CacheDirectives(origin.CacheControl)
		switch {
		case !said.NoStore && said.MaxAge.Value > h.TD()*3/2 && said.MaxAge.Value > was.MaxAge.Value:
			p.Reportf(probe.Warning, "Cache-Control is %q at the edge, %q at the origin", ex.CacheControl, origin.CacheControl)
		case ex.CacheControl != origin.CacheControl:
			p.Reportf(probe.Info, "Cache-Control is %q at the edge, %q at the origin", ex.CacheControl, origin.CacheControl)
		case ex.ContentType != origin.ContentType:
			p.Reportf(probe.Info, "Content-Type is %q at the edge, %q at the origin", ex.ContentType, origin.ContentType)
		case p.Obs.Hash == h.Pair.Good.Hash && ex.ETag != "" && strings.TrimPrefix(ex.ETag, "W/") != strings.TrimPrefix(origin.ETag, "W/"):
			p.Reportf(probe.Info, "ETag is %s at the edge, %s at the origin, of one text", ex.ETag, origin.ETag)
		}
	},
})
