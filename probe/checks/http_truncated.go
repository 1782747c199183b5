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
		"counts from the second time on, since a lost connection causes that too. A last line that only misses its line " +
		"ending is info.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	Explains: []string{
		"win.*", "ll.*", "upd.stale", "seg.mutated", "seq.*", "edge.*", "alt.*", "inf.missing", "m3u.attr", "pdt.*", "mv.*",
	},
	Hold: 3,
	Run: func(p *Pass) {
		if p.Obs.Exchange.Failure == probe.FailTruncated {
			if p.History.Failures > 1 {
				p.Reportf(probe.Error, "%s", p.Obs.Exchange.Error)
			}
			return
		}
		p.reportProblem("http.truncated", probe.Error)
		if p.Found != nil && p.Found.Severity == probe.Warning {
			p.Found.Severity = probe.Info // only the last line end is missing: a matter of form
		}
	},
})

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
