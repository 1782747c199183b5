package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var segSlow = register(Check{
	ID:      "seg.slow",
	Summary: "segments arrive too slowly",
	Doc: "Fetching the probed bytes of a segment took more than half of its duration: warning. More than 0.8: error. " +
		"More than all of it, or there was no complete answer at all: critical. Two of four probes of one rendition or " +
		"of several open an incident.",
	Spec:     "TN2235; CoreMedia error -12645",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnSegment,
	After:    2, Of: 4, Shared: true,
	Hold:     3, // what was asked for later can arrive earlier
	Explains: []string{"http.ttfb"},
	Timed:    true,
	Slow:     true,
	Run: func(p *Pass) {
		if p.Obs.Segment.Again {
			p.Silent = true // one slow segment is one, however often it is asked for
			return
		}
		d := p.Obs.Segment.Duration
		took := p.Obs.Exchange.Duration()
		if d <= 0 || !p.Obs.OK() && p.Obs.Exchange.Failure != probe.FailTimeout {
			return
		}
		if p.Obs.Exchange.Failure == probe.FailTimeout {
			p.Reportf(probe.Critical, "segment %d was not complete after %s, it lasts %s",
				p.Obs.Segment.MSN, Seconds(took), Seconds(d))
			return
		}
		s := slowness(took, d)
		if s == probe.NoSeverity {
			return
		}
		p.Reportf(s, "segment %d took %s, it lasts %s", p.Obs.Segment.MSN, Seconds(took), Seconds(d))
	},
})

// slowness is how bad it is that fetching what lasts d took so long.
func slowness(took, d time.Duration) probe.Severity {
	switch {
	case took > d:
		return probe.Critical
	case took*10 > d*8:
		return probe.Error
	case took*2 > d:
		return probe.Warning
	default:
		return probe.NoSeverity
	}
}
