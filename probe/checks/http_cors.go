package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var httpCORS = register(Check{
	ID:      "http.cors",
	Summary: "pages on other sites may not play the stream",
	Doc: "Asked with an Origin header, once a minute and besides the polls, and at once where the polls are told something new, the playlist or one of its segments is answered without Access-Control-Allow-Origin, or with more than one value of it, as two lines are (browsers join them, and no list is an origin): error when earlier answers had it, or when the " +
		"edge lacks it and the origin gives it (a copy was stored without it, because Origin is neither forwarded nor part of the cache key). Segments that never had it, of a playlist that has: warning. Never there at all: info, " +
		"a player on the same site needs none. monitor.site names the site that must be permitted, which servers that permit some by name need to be asked for; then every other answer is an error where viewers are: at the edge, or at an origin without one; " +
		"not of a stream that is on that very site. Without it an edge is asked only where its origin permits every page (*): a copy that is stored with the permission of our own look must do no harm. Two of three looks open an incident.",
	Spec:     "Fetch Standard, CORS protocol; CloudFront Developer Guide, CORS",
	Severity: probe.Error,
	Blame:    probe.BlameConfig,
	When:     OnCORS,
	After:    2, Of: 3,
	Run: func(p *Pass) {
		h, given, what := p.History, p.Obs.Exchange.AllowOrigin, "playlist"
		before, origin, edge := h.Permission, "", h.Target.Side == probe.Edge && h.Pair != nil
		if edge {
			origin = h.Pair.Permission.Given
		}
		if p.Obs.Segment != nil {
			what, before = "segment", h.SegmentPermission
			if origin != "" {
				origin = h.Pair.SegmentPermission.Given
			}
		}
		site := p.site()
		switch {
		case given == "*", site != "" && (given == site || !edge && h.Pair != nil || p.Obs.Exchange.Address.Site() == site):
		case strings.Contains(given, ","):
			p.Reportf(probe.Error, "%s: Access-Control-Allow-Origin is %q, more than one value: browsers refuse it, whatever they are", what, given)
		case site != "":
			p.Reportf(probe.Error, "%s: Access-Control-Allow-Origin is %q, for %s", what, given, site)
		case given != "": // for whom is not known: the origin may echo who asks, and the edge say who asked first
		case origin != "":
			p.Reportf(probe.Error, "%s: no Access-Control-Allow-Origin at the edge, %q at the origin", what, origin)
		case before.Ever && !edge:
			p.Reportf(probe.Error, "%s: Access-Control-Allow-Origin is gone", what)
		case p.Obs.Segment != nil && !edge:
			p.Reportf(probe.Warning, "segments have no Access-Control-Allow-Origin, their playlist has")
		default:
			p.Reportf(probe.Info, "no Access-Control-Allow-Origin: browsers play it on its own site only")
		}
	},
})

// site is the one that the event names to play the stream; "" when it names none.
func (p *Pass) site() string {
	for _, line := range p.Obs.Exchange.RequestHeaders {
		if site, ok := strings.CutPrefix(line, "Origin: "); ok && !strings.HasSuffix(site, ".invalid") {
			return site
		}
	}
	return ""
}
