package inspect

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/report"
)

// judgeOnce judges playlists by one look at each.
func judgeOnce(stream string, overrides map[string]checks.Override, looks []look) []report.Finding {
	desk := incident.NewDesk(incident.Options{Event: "check", Once: true}, time.Now())
	s := desk.Stream(checks.Options{Stream: stream, Overrides: overrides})
	var targets []probe.Target
	for _, l := range looks {
		targets = append(targets, l.obs.Target)
	}
	s.Targets(targets)
	latest := newCollector()
	keep := func(_ *evidence.History, r incident.Result) { latest.keep(r.Incidents) }
	for i := range looks {
		o := &looks[i].obs
		if o.Exchange.Failure == probe.FailTruncated {
			keep(s.Step(o, o.Exchange.Done)) // it was, twice
		}
		keep(s.Step(o, o.Exchange.Done))
	}
	found := latest.findings()
	for _, a := range s.Advice() {
		found = append(found, report.AdviceOf(stream, &a))
	}
	return found
}

// verdictOf is what findings make of a stream that is not watched any more.
func verdictOf(found []report.Finding) probe.Verdict {
	v := probe.OK
	for i := range found {
		switch {
		case found[i].Severity >= probe.Critical:
			v = v.Worse(probe.Down)
		case found[i].Severity == probe.Error:
			v = v.Worse(probe.Degraded)
		}
	}
	return v
}
