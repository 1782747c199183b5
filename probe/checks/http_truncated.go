package checks

import (
	"cmp"

	"github.com/streamwatch/streamwatch/probe"
)

var httpTruncated = register(Check{
	ID:      "http.truncated",
	Summary: "playlist is cut off",
	Doc: "The text ends in the middle of a line, or after an EXTINF without its URI. No cache or network does that to " +
		"a complete answer: the file was served while it was being written. A body shorter than its Content-Length " +
		"counts from the second time on, since a lost connection causes that too. Where no whole playlist has come for " +
		"1.5 target durations, or ever, the playlist is lost as if by an error status: critical. A last line that only " +
		"misses its line ending is info.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	Explains: []string{
		"win.*", "ll.*", "upd.stale", "seg.mutated", "seq.*", "edge.*", "alt.*", "inf.missing", "m3u.attr", "pdt.*", "mv.*",
	},
	Hold: 3,
	Run: func(p *Pass) {
		if p.Obs.Exchange.Failure == probe.FailTruncated {
			if p.History.Failures > 1 {
				p.Reportf(p.severityOfCut(), "%s", p.Obs.Exchange.Error)
			}
			return
		}
		p.reportProblem("http.truncated", probe.Error)
		if p.Found != nil && p.Found.Severity == probe.Warning {
			p.Found.Severity = probe.Info // only the last line end is missing: a matter of form
		}
	},
})

// severityOfCut is how bad it is that answers break off: an error while players
// may still get along with the playlist that they have.
func (p *Pass) severityOfCut() probe.Severity {
	h := p.History
	if h.Playlist != nil && p.Now.Sub(h.FailingSince) <= h.TD()*3/2 {
		return probe.Error
	}
	return p.severityOfLoss()
}

// reportProblem reports the worst problem of the playlist that belongs to a
// check, the first among equals. s is for those that state no severity.
func (p *Pass) reportProblem(id string, s probe.Severity) {
	if p.Obs.Playlist == nil {
		return
	}
	for i := range p.Obs.Playlist.Problems {
		problem := &p.Obs.Playlist.Problems[i]
		if problem.Check != id {
			continue
		}
		if problem.Line > 0 {
			p.ReportAt(problem.Line, cmp.Or(problem.Severity, s), "line %d: %s", problem.Line, problem.Detail)
		} else {
			p.Reportf(cmp.Or(problem.Severity, s), "%s", problem.Detail)
		}
	}
}
