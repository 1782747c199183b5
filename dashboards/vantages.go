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

// feedOf is what a sample feeds: those of a vantage feed what all feed together,
// but for its heartbeat.
func feedOf(s *probe.Sample) feed {
	f := feed{s.Metric, s.Stream, probe.Place{Side: s.Side, Edge: s.Edge}, ""}
	if s.Metric.Scope == probe.ByEvent {
		f.vantage = s.Vantage
	}
	return f
}
