package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var httpCCPlaylist = register(Check{
	ID:      "http.cc.playlist",
	Summary: "caches may keep the live playlist for too long",
	Doc: "How long caches may keep a live media playlist: s-maxage, else max-age, plus stale-while-revalidate. More " +
		"than half a target duration is info. More than a whole one is a warning, once the edge really serves a copy " +
		"whose Age is above a target duration. More than 1.5 is an error: an edge that obeys can never update in time. " +
		"Two of six polls open an incident. The header alone proves nothing: the CDN's own policy may be shorter, and a " +
		"busy cache revalidates often. An edge that keeps a copy for longer than the headers allow is edge.age.",
	Spec:     "RFC 8216bis Appendix B.1, §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameConfig,
	// A copy is that old for a part of its life only, and the first one may be
	// left from before anybody looked.
	After: 2, Of: 6,
	Hold:     5,                                // a miss between hits does not end it
	Explains: []string{"edge.lag", "alt.edge"}, // not what is worse than a setting that stands: upd.stale, edge.age
	Run: func(p *Pass) {
		h, ex, td := p.History, &p.Obs.Exchange, p.History.TD()
		if p.Obs.Playlist == nil || !p.Obs.Playlist.Live() || td == 0 || blocking(ex.Address) {
			return
		}
		ttl := h.Kept
		if origin, ok := p.origin(); ok && origin.Kept.Stated {
			ttl = origin.Kept // what the cache goes by; it may tell viewers something else
		}
		switch t := ttl.Value; {
		case t <= td/2:
		case h.Target.Side != probe.Edge, t <= td, ex.Age.Value <= td: // what no cache is seen to obey hurts nobody
			p.Reportf(probe.Info, "caches may keep it for %s, half a target duration is %s", Seconds(t), Seconds(td/2))
		case t > td*3/2:
			p.Reportf(probe.Error, "the edge may keep it for %s and does, target duration %s", Seconds(t), Seconds(td))
		default:
			p.Reportf(probe.Warning, "the edge may keep it for %s and does, target duration %s", Seconds(t), Seconds(td))
		}
	},
})

var httpCCMissing = register(Check{
	ID:      "http.cc.missing",
	Summary: "live playlist does not say for how long caches may keep it",
	Doc: "Neither Cache-Control nor Expires is sent, so a CDN applies its own default: 24 hours on CloudFront. Info, " +
		"since that default may have been set to something better. An edge that really keeps the playlist for too long " +
		"is edge.age, edge.lag or upd.stale.",
	Spec:     "RFC 8216bis Appendix B.1; CloudFront Developer Guide, Expiration",
	Severity: probe.Info,
	Blame:    probe.BlameConfig,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		ex := &p.Obs.Exchange
		byHTTP := strings.HasPrefix(ex.Address.Scheme(), "http") && ex.Status != 304
		if p.Obs.Playlist.Live() && byHTTP && ex.CacheControl == "" && !ex.Expires && p.first() {
			p.Reportf(probe.Info, "no Cache-Control, no Expires")
		}
	},
})

var httpCCBlocking = register(Check{
	ID:      "http.cc.blocking",
	Summary: "answers to blocking requests are hardly cached",
	Doc: "The answer to a playlist request with _HLS_msn may be cached for less than six target durations although it " +
		"never changes. The requests of viewers who are late then all go to the origin.",
	Spec:     "RFC 8216bis Appendix B.1",
	Severity: probe.Info,
	Blame:    probe.BlameConfig,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		ex := &p.Obs.Exchange
		if ttl, td := ex.TTL(), p.History.TD(); blocking(ex.Address) && ex.Status == 200 && ttl.Stated && ttl.Value < 6*td {
			p.Reportf(probe.Info, "kept for %s, six target durations are %s", Seconds(ttl.Value), Seconds(6*td))
		}
	},
})

var httpCCSegment = register(Check{
	ID:      "http.cc.segment",
	Summary: "caches may not keep segments for long enough",
	Doc: "A segment may be cached for less than a target duration, or not at all, so each viewer's request goes to " +
		"the origin. A segment without any such header is no finding.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Info,
	Blame:    probe.BlameConfig,
	When:     OnSegment,
	Run: func(p *Pass) {
		ttl, td := p.Obs.Exchange.TTL(), p.History.TD()
		if p.Obs.OK() && ttl.Stated && ttl.Value < td && p.History.Playlist != nil && p.History.Playlist.Live() {
			p.Reportf(probe.Info, "segment %d may be kept for %s, target duration %s",
				p.Obs.Segment.MSN, Seconds(ttl.Value), Seconds(td))
		}
	},
})

// blocking reports whether a playlist request waits for a segment or part.
func blocking(a probe.Address) bool { return strings.Contains(a.Reveal(), "_HLS_msn=") }

// first reports whether this is the side at which a fault of both would be
// told: the origin, or an edge that is watched without one.
func (p *Pass) first() bool {
	origin, ok := p.origin()
	return !ok || origin.Playlist == nil
}
