package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var httpCORS = register(Check{
	ID:      "http.cors",
	Summary: "pages on other sites may not play the stream",
	Doc: "Once a minute, and at once when the polls see the header change, the playlist and one of its segments are " +
		"requested with an Origin header, separately from the polls; every five minutes while the polls, which send no " +
		"Origin, are told that every page is permitted (*). This is about answers without " +
		"Access-Control-Allow-Origin, or with more than one value of it, which browsers refuse. Error if earlier answers " +
		"had the header, or if the origin sends it and the edge does not (the edge stored a copy without it, because " +
		"Origin is neither forwarded nor in the cache key). Warning if the playlist has it and its segments never did. " +
		"Info if it was never there at all: a player on the same site needs none. monitor.site names the site whose " +
		"pages must be allowed; servers that allow sites by name answer only when asked for that one. With it, any other " +
		"answer is an error where viewers are (the edge, or the origin if there is no edge), unless the stream is on " +
		"that very site. Without it, an edge is asked only if its origin allows every page (*), because the edge may " +
		"store the answer to our look and must not hand viewers the wrong one. Two of three looks open an incident.",
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
			p.Reportf(probe.Error,
				"%s: Access-Control-Allow-Origin is %q: browsers refuse more than one value", what, given)
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
