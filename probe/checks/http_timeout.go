package checks

import "github.com/streamwatch/streamwatch/probe"

var httpTimeout = register(Check{
	ID:      "http.timeout",
	Summary: "playlist does not arrive in time",
	Doc: "The body is not complete within the deadline: 2 s or the target duration, whichever is longer. Two in three " +
		"rounds open an incident, or two renditions of one side at the same time.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	After:    2, Of: 3, Shared: true,
	Explains:  followLoss(),
	Transport: true,
	Timed:     true,
	Run: func(p *Pass) {
		if ex := &p.Obs.Exchange; ex.Failure == probe.FailTimeout {
			p.Reportf(p.severityOfLoss(), "no complete answer within %s", Seconds(ex.Duration()))
		}
	},
})
