package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var edgeHdr = register(Check{
	ID:      "edge.hdr",
	Summary: "the edge changes the playlist's headers",
	Doc: "The edge's max-age lets browsers keep the live playlist for more than 1.5 target durations, and longer than " +
		"the origin's does: warning, since their own caches then stop the stream. Another Cache-Control or Content-Type " +
		"than the origin's, or another ETag on the same text (ignoring W/), is info: policies at the edge exist to " +
		"change them. CORS headers are http.cors.",
	Spec:     "CloudFront Developer Guide, Response headers policies; RFC 9111 §5.2.2",
	Severity: probe.Warning,
	Blame:    probe.BlameConfig,
	After:    2, Of: 3,
	Run: func(p *Pass) {
		at, ok := p.origin()
		if !ok || at.Good == nil || p.Obs.Playlist == nil || !p.Obs.Playlist.Live() || p.Obs.Exchange.Status == 304 {
			return
		}
		ex, origin := &p.Obs.Exchange, &at.Good.Exchange
		said, was := probe.CacheDirectives(ex.CacheControl), probe.CacheDirectives(origin.CacheControl)
		switch {
		case !said.NoStore && said.MaxAge.Value > p.History.TD()*3/2 && said.MaxAge.Value > was.MaxAge.Value:
			p.Reportf(probe.Warning, "Cache-Control is %q at the edge, %q at the origin", ex.CacheControl, origin.CacheControl)
		case ex.CacheControl != origin.CacheControl:
			p.Reportf(probe.Info, "Cache-Control is %q at the edge, %q at the origin", ex.CacheControl, origin.CacheControl)
		case ex.ContentType != origin.ContentType:
			p.Reportf(probe.Info, "Content-Type is %q at the edge, %q at the origin", ex.ContentType, origin.ContentType)
		case p.Obs.Hash == at.Good.Hash && ex.ETag != "" && strong(ex.ETag) != strong(origin.ETag):
			p.Reportf(probe.Info, "ETag is %s at the edge, %s at the origin, of one text", ex.ETag, origin.ETag)
		}
	},
})

// strong returns an ETag without the mark of a weak one, which compression adds.
func strong(etag string) string { return strings.TrimPrefix(etag, "W/") }
