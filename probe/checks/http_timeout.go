package checks

import "github.com/streamwatch/streamwatch/probe"

var httpTimeout = register(Check{
	ID:       "http.timeout",
	Summary:  "playlist does not arrive in time",
	Doc:      "No complete body within the deadline: the larger of 2 s and the target duration. Two in three rounds open an incident, or two renditions of one side at a time.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	After:    2, Of: 3, Shared: true,
	Explains:  followLoss(),
	Transport: true,
	Timed:     true,
	Run: func(p *Pass) {
		if ex := &p.Obs.Exchange; ex.Failure == probe.FailTimeout {
			p.Reportf(p.severityOfLoss(), "no complete answer within %s", seconds(ex.Duration()))
		}
	},
})
