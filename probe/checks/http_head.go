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
	Doc: "A text of a live media playlist that was not seen before says that it was last modified more than three target durations before its Date, and has no ETag: a cache that asks whether " +
		"it changed is told that it did not. Three of five texts: warning. With an ETag, which goes first, it is info. What does not change is upd.stale.",
	Spec:     "HLS Authoring Specification 8.24; RFC 9110 §13.1.3",
	Severity: probe.Warning,
	Blame:    probe.BlameOrigin,
	When:     OnUpdate,
	After:    3, Of: 5,
	Hold: 3,
	Run: func(p *Pass) {
		ex, td := &p.Obs.Exchange, p.History.TD()
		if !p.first() || !p.Obs.Playlist.Live() || td == 0 || ex.Status == 304 || ex.LastModified.IsZero() || ex.Date.IsZero() {
			return
		}
		if age := ex.Date.Sub(ex.LastModified); age > 3*td {
			s := probe.Warning
			if ex.ETag != "" {
				s = probe.Info
			}
			p.Reportf(s, "last modified %s before, target duration %s", seconds(age), seconds(td))
		}
	},
})

var httpDateSkew = register(Check{
	ID:      "http.date.skew",
	Summary: "clocks of the server and of the monitor differ",
	Doc: "The Date of an answer that no cache kept is more than two seconds from the monitor's own clock: what is reckoned from program date-times, and the validity of signed URLs, is off " +
		"by as much. Info: it does not say which one is wrong.",
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
			p.Reportf(probe.Info, "Date is %s off", seconds(off))
		}
	},
})

var httpAge = register(Check{
	ID:       "http.age",
	Summary:  "the cache does not say how old its answers are",
	Doc:      "The edge calls an answer a hit and gives no Age: what is older than it may be can be seen only by comparing with the origin. An Age that is too high is edge.age.",
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
	ID:       "http.gzip",
	Summary:  "playlist is not sent as gzip",
	Doc:      "Asked for with Accept-Encoding: gzip, a playlist of 1000 bytes or more comes as it is. CloudFront compresses only what the origin sends with a Content-Length. One that comes as br, zstd or deflate all the same is a warning: browsers read it, other players may not.",
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
	ID:       "http.proto",
	Summary:  "low latency is offered without HTTP/2",
	Doc:      "A playlist with partial segments that lets players block its reload comes by HTTP/1: each request that waits holds a connection. At the origin it does not matter.",
	Spec:     "RFC 8216bis Appendix B.1",
	Severity: probe.Info,
	Blame:    probe.BlameConfig,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl, ex := p.Obs.Playlist, &p.Obs.Exchange
		if pl.PartTarget.Stated && pl.ServerControl.Value.CanBlockReload && p.History.Target.Side == probe.Edge && len(ex.Proto) > 6 && ex.Proto[:6] == "HTTP/1" {
			p.Reportf(probe.Info, "the edge answers by %s", ex.Proto)
		}
	},
})
