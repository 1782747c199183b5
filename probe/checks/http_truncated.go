package checks

import (
	"github.com/streamwatch/streamwatch/probe"
)

var httpTruncated = register(Check{
	ID:      "http.truncated",
	Summary: "playlist is cut off",
	Doc: "The text ends within a line or after an EXTINF without its URI, which no cache or network does to a complete answer: it was written or filled " +
		"non-atomically. A body shorter than its Content-Length counts from the second time, since a lost connection does that too.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	Explains: []string{"win.*", "upd.stale", "seg.mutated", "seq.*", "edge.*", "alt.*", "inf.missing"},
	Hold:     3,
	Run: func(p *Pass) {
		if p.Obs.Exchange.Failure == probe.FailTruncated {
			if p.History.Failures > 1 {
				p.Reportf(probe.Error, "%s", p.Obs.Exchange.Error)
			}
			return
		}
		p.reportProblem("http.truncated", probe.Error)
	},
})

// reportProblem reports the first problem of the playlist that belongs to a check.
func (p *Pass) reportProblem(id string, s probe.Severity) {
	if p.Obs.Playlist == nil {
		return
	}
	for _, problem := range p.Obs.Playlist.Problems {
		if problem.Check != id {
			continue
		}
		if problem.Line > 0 {
			p.Reportf(s, "line %d: %s", problem.Line, problem.Detail)
		} else {
			p.Reportf(s, "%s", problem.Detail)
		}
		return
	}
}
