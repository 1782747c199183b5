package checks

import "github.com/streamwatch/streamwatch/probe"

var httpUnreachable = register(Check{
	ID:      "http.unreachable",
	Summary: "no connection, or no HTTP answer on it",
	Doc: "The name does not resolve, the connection is refused, lost or cannot be made, TLS fails, or the answer is " +
		"not HTTP. Two in three rounds open an incident.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	After:    2, Of: 3,
	Explains:  followLoss(),
	Transport: true,
	Ripens:    true,
	Timed:     true,
	Run: func(p *Pass) {
		if ex := &p.Obs.Exchange; ex.Failure.Unreachable() {
			hint := ""
			if ex.Failure == probe.FailReset && ex.Address.Scheme() == "http" && p.History.Good == nil {
				hint = ", which a port that speaks HTTPS does to plain HTTP"
			}
			p.Reportf(p.severityOfLoss(), "%s: %s%s", ex.Failure, ex.Error, hint)
		}
	},
})
