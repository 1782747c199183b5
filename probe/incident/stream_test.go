package incident_test

import (
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/incident/incidenttest"
)

var (
	epoch = incidenttest.Epoch

	at, target, poll, failed, live = incidenttest.At, incidenttest.Target, incidenttest.Poll,
		incidenttest.Failed, incidenttest.Playlist
)

// watched is a desk with one stream.
type watched struct {
	desk *incident.Desk
	*incident.Stream
}

// watching returns a desk that watches renditions on both sides.
func watching(o incident.Options, on checks.Options, renditions ...string) *watched {
	if on.Overrides == nil {
		on.Overrides = map[string]checks.Override{}
	}
	on.Overrides["pdt.clock"] = checks.Override{Off: true} // their dates count segments
	o.Event, on.Stream = "e", "s"
	w := &watched{desk: incident.NewDesk(o, epoch)}
	w.Stream = w.desk.Stream(on)
	var targets []probe.Target
	for _, r := range renditions {
		targets = append(targets, target(r, probe.Origin), target(r, probe.Edge))
	}
	w.Targets(targets)
	return w
}

// step lets the desk do what is due, and then judges an observation.
func step(w *watched, o *probe.Observation) (res incident.Result) {
	for at := w.desk.Next(); !at.IsZero() && at.Before(o.Exchange.Done); at = w.desk.Next() {
		due := w.desk.Tick(at)
		res.Incidents, res.Marked = append(res.Incidents, due.Incidents...), append(res.Marked, due.Marked...)
	}
	_, got := w.Step(o, o.Exchange.Done)
	res.Incidents = append(res.Incidents, got.Incidents...)
	res.Marked, res.Poke = append(res.Marked, got.Marked...), got.Poke
	return res
}
