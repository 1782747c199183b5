package checks

import "github.com/streamwatch/streamwatch/probe"

var availRemoved = register(Check{
	ID:      "avail.removed",
	Summary: "segments vanish soon after they left the playlist",
	Doc: "A segment that left the playlist must stay for its own duration and that of the longest playlist that listed it. Once a minute one of them is asked for shortly before that is over, at the origin, or at an edge that " +
		"is watched alone; 404 and 410 count. Many packagers delete earlier from the beginning (ffmpeg keeps one segment), and hardly a player notices: info. Where three could be had before at the origin: warning, two in three open an " +
		"incident. An edge alone may have kept what we had asked for: info.",
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
			p.Reportf(s, "segment %d (%s): status %d %s after its removal", p.Obs.Segment.MSN, shortURI(p.Obs.Segment.URI), ex.Status, seconds(ex.Done.Sub(p.Obs.Segment.Listed)))
		default:
			p.Silent = true // the server is what is wrong
		}
	},
})
