package dashboards

import "github.com/streamwatch/streamwatch/probe"

// vantageAlarms say of each vantage of a fleet that nobody watches from there.
// Metrics without a vantage have the samples of all, so other alarms need none.
func vantageAlarms(vantages []string) (list []Alarm) {
	for _, v := range vantages {
		list = append(list, Alarm{
			Kind: "heartbeat", Vantage: v, Metric: probe.MonitorHeartbeat, Stat: SampleCount, Below: true, Threshold: 1,
			M: 2, N: 3,
			Missing: MissingIsBreach, Pages: true,
			Text: "no agent of vantage " + v + " reports: nobody watches the event from there",
		})
	}
	return list
}

// watches reports whether the alarm is on the metric of a sample of its stream: those
// of a vantage feed what all feed together, but for its heartbeat.
func (a *Alarm) watches(s *probe.Sample) bool {
	vantage := ""
	if s.Metric.Scope == probe.ByEvent {
		vantage = s.Vantage
	}
	return a.Metric == s.Metric && a.Side == s.Side && a.Edge == s.Edge && a.Vantage == vantage
}
