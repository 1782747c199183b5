package checks

import "github.com/streamwatch/streamwatch/probe"

var availRemoved = register(Check{
	ID:      "avail.removed",
	Summary: "segments vanish soon after they left the playlist",
	Doc: "A segment that left the playlist must stay available for its own duration plus that of the longest playlist " +
		"that listed it. Once a minute one of them is requested shortly before that time is up, at the origin, or at an " +
		"edge that is watched alone. 404 and 410 count as missing. Many packagers delete earlier from the start (ffmpeg " +
		"keeps one segment) and players hardly notice: info. If three were still there before, it is a warning at the " +
		"origin, and two misses in three open an incident. An edge that is watched alone may only have kept what we " +
		"asked for ourselves: info.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Warning,
	Blame:    probe.BlameOrigin,
	When:     OnRemoved,
	After:    2, Of: 3,
	Run: func(p *Pass) {
		ex := &p.Obs.Exchange
		switch {
		case ex.OK():
		case ex.Status == 404, ex.Status == 410:
			s := probe.Info
			if p.History.StillThere >= 3 && p.History.Target.Side == probe.Origin {
				s = probe.Warning
			}
			p.Reportf(s, "segment %d (%s): status %d %s after its removal",
				p.Obs.Segment.MSN, shortURI(p.Obs.Segment.URI), ex.Status, Seconds(ex.Done.Sub(p.Obs.Segment.Listed)))
		default:
			p.Silent = true // the server is what is wrong
		}
	},
})
