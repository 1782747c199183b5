package checks

import (
	"cmp"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var httpLastmod = register(Check{
	ID:      "http.lastmod",
	Summary: "Last-Modified of a new playlist is old",
	Doc: "A new text of a live media playlist has a Last-Modified more than three target durations before its Date " +
		"and no ETag. A cache that revalidates it gets the answer that it did not change. Three of five texts are a " +
		"warning. With an ETag, which takes precedence, it is info. A playlist that does not change is upd.stale.",
	Spec:     "HLS Authoring Specification 8.24; RFC 9110 §13.1.3",
	Severity: probe.Warning,
	Blame:    probe.BlameOrigin,
	When:     OnUpdate,
	After:    3, Of: 5,
	Hold: 3,
	Run: func(p *Pass) {
		ex, td := &p.Obs.Exchange, p.History.TD()
		if !p.first() || !p.Obs.Playlist.Live() || td == 0 {
			return
		}
		if ex.Status == 304 || ex.LastModified.IsZero() || ex.Date.IsZero() {
			return
		}
		if age := ex.Date.Sub(ex.LastModified); age > 3*td {
			s := probe.Warning
			if ex.ETag != "" {
				s = probe.Info
			}
			p.Reportf(s, "last modified %s before, target duration %s", Seconds(age), Seconds(td))
		}
	},
})

var httpETag = register(Check{
	ID:      "http.etag",
	Summary: "playlist changes and its ETag does not",
	Doc: "A new text of a live playlist has the same ETag as the one before or, if it has none, the same Last-Modified. " +
		"A cache that revalidates the playlist gets the answer that it did not change, and goes on serving the old one. " +
		"Servers that make ETags from a file's size and time in seconds do this for two playlists written within a second. " +
		"Info: its effect at the edge is edge.lag or upd.stale, with the blame on the origin.",
	Spec:     "RFC 9110 §8.8.1",
	Severity: probe.Info,
	Blame:    probe.BlameOrigin,
	When:     OnUpdate,
	Run: func(p *Pass) {
		ex, v := &p.Obs.Exchange, p.History.Versions
		if !p.first() || !p.Obs.Playlist.Live() || len(v) < 2 || v[len(v)-1].Validator == 0 {
			return
		}
		if v[len(v)-1].Validator == v[len(v)-2].Validator {
			same := cmp.Or(ex.ETag, ex.LastModified.UTC().Format(time.RFC1123))
			p.Reportf(probe.Info, "another playlist, and still %s", same)
		}
	},
})

var httpDateSkew = register(Check{
	ID:      "http.date.skew",
	Summary: "clocks of the server and of the monitor differ",
	Doc: "The Date of an answer that no cache kept is more than two seconds away from the monitor's own clock. " +
		"Latency computed from program date-times, and the validity of signed URLs, are off by as much. Info, because it " +
		"does not show which of the two clocks is wrong.",
	Spec:     "RFC 9110 §6.6.1",
	Severity: probe.Info,
	Blame:    probe.BlameUnknown,
	After:    3, Of: 3,
	Run: func(p *Pass) {
		ex := &p.Obs.Exchange
		if !ex.OK() || ex.Date.IsZero() || ex.Age.Stated || ex.Cache() == "hit" || p.Obs.Strained {
			return
		}
		early, late := ex.Date.Sub(ex.Done), ex.Started.Sub(ex.Date.Add(time.Second)) // Date has no fraction
		if off := max(early, late); off > 2*time.Second {
			p.Reportf(probe.Info, "Date is %s off", Seconds(off))
		}
	},
})

var httpAge = register(Check{
	ID:      "http.age",
	Summary: "the cache does not say how old its answers are",
	Doc: "The edge says that an answer is a cache hit but sends no Age, so an outdated copy can be recognised only by " +
		"comparing it with the origin. An Age that is too high is edge.age.",
	Spec:     "RFC 9111 §5.1",
	Severity: probe.Info,
	Blame:    probe.BlameCDN,
	After:    2, Of: 3,
	Run: func(p *Pass) {
		if ex := &p.Obs.Exchange; p.History.Target.Side == probe.Edge && ex.OK() && ex.Cache() == "hit" && !ex.Age.Stated {
			p.Reportf(probe.Info, "%s, no Age", cmp.Or(ex.CacheLine, "X-Cache: "+ex.XCache))
		}
	},
})

// leastGzip is the size from which on CloudFront compresses.
const leastGzip = 1000

var httpGzip = register(Check{
	ID:      "http.gzip",
	Summary: "playlist is not sent as gzip",
	Doc: "A playlist of 1000 bytes or more is sent uncompressed although the request accepts gzip. CloudFront " +
		"compresses only what the origin sends with a Content-Length. One that is sent as br, zstd or deflate, which " +
		"the request does not accept, is a warning: browsers read it, other players may not.",
	Spec:     "RFC 8216bis §6.2.1; HLS Authoring Specification 10.1",
	Severity: probe.Warning,
	Blame:    probe.BlameConfig,
	When:     OnPlaylist,
	Kind:     AnyKind,
	Run: func(p *Pass) {
		switch ex := &p.Obs.Exchange; {
		case ex.Status != 200:
		case ex.ContentEncoding == "" && ex.Bytes >= leastGzip:
			p.Reportf(probe.Info, "%d bytes", ex.Bytes)
		case ex.ContentEncoding != "" && !strings.HasSuffix(strings.ToLower(ex.ContentEncoding), "gzip"):
			p.Reportf(probe.Warning, "it is sent as %s, which was not asked for", strings.ToLower(ex.ContentEncoding))
		}
	},
})

var httpProto = register(Check{
	ID:      "http.proto",
	Summary: "low latency is offered without HTTP/2",
	Doc: "A playlist with partial segments that lets players block their reloads is served over HTTP/1, so every " +
		"waiting request occupies a connection. Judged at the edge only.",
	Spec:     "RFC 8216bis Appendix B.1",
	Severity: probe.Info,
	Blame:    probe.BlameConfig,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl, ex := p.Obs.Playlist, &p.Obs.Exchange
		lowLatency := pl.PartTarget.Stated && pl.ServerControl.Value.CanBlockReload
		if lowLatency && p.History.Target.Side == probe.Edge && strings.HasPrefix(ex.Proto, "HTTP/1.") {
			p.Reportf(probe.Info, "the edge answers by %s", ex.Proto)
		}
	},
})
