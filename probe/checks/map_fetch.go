package checks

import "github.com/streamwatch/streamwatch/probe"

var mapFetch = register(Check{
	ID:      "map.fetch",
	Summary: "initialization section cannot be fetched",
	Doc: "The resource that EXT-X-MAP names is not answered with 200 or 206, twice in three tries. Nothing that needs " +
		"it can be decoded. It is fetched when it is first listed, every three target durations (at least 10 s), and at " +
		"each update while it fails.",
	Spec:     "RFC 8216bis §4.4.4.5",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnInit,
	After:    2, Of: 3,
	Run: func(p *Pass) {
		ex := &p.Obs.Exchange
		switch {
		case ex.OK():
		case ex.Failure != "":
			p.Reportf(probe.Critical, "%s: %s", shortURI(p.Obs.Segment.URI), ex.Failure)
		default:
			p.Reportf(probe.Critical, "%s: status %d", shortURI(p.Obs.Segment.URI), ex.Status)
		}
	},
})
