package dashboards

import "github.com/streamwatch/streamwatch/probe"

// viewers plots what viewers' players report. There is no alarm on it: anyone
// can send a beacon, and nobody should be woken by hearsay.
func (b *board) viewers() {
	b.plot("Viewers: startup", append(b.rows(probe.ViewerStartup, "p50"), b.rows(probe.ViewerStartup, "p90")...), nil)
	b.plot("Viewers: latency", append(b.rows(probe.ViewerLatency, "p50"), b.rows(probe.ViewerLatency, "p90")...), nil)
	b.plot("Viewers: stalls and errors", append(b.rows(probe.ViewerStalls, "Sum"), b.rows(probe.ViewerErrors, "Sum")...),
		nil)
	b.plot("Viewers: seconds played and stalled",
		append(b.rows(probe.ViewerPlayed, "Sum"), b.rows(probe.ViewerStallTime, "Sum")...), nil)
}

// viewers plots the same for Prometheus: how many watch, how soon they see
// something, and how much of their time they spend in stalls.
func (g *grafana) viewers() {
	rate := func(m *probe.Metric, by string) string {
		return "sum by (" + by + ") (rate(" + series(m) + "[$__rate_interval]))"
	}
	p90 := func(m *probe.Metric) string {
		return "histogram_quantile(0.9, sum by (le, stream, kind) (rate(" + prometheusName(m) +
			`_bucket{event=~"$event",stream=~"$stream"}[$__rate_interval])))`
	}
	g.timeSeries("Viewers", probe.ViewerPlayed.Help, "short", rate(probe.ViewerPlayed, "stream, kind"),
		"{{stream}} {{kind}}")
	g.timeSeries("Viewers: startup, p90", probe.ViewerStartup.Help, "s", p90(probe.ViewerStartup), "{{stream}} {{kind}}")
	g.timeSeries("Viewers: latency, p90", probe.ViewerLatency.Help, "s", p90(probe.ViewerLatency), "{{stream}} {{kind}}")
	g.timeSeries("Viewers: time in stalls", "Stall time over play time; 0.01 is one percent.", "percentunit",
		rate(probe.ViewerStallTime, "stream")+" / "+rate(probe.ViewerPlayed, "stream"), "{{stream}}")
	g.timeSeries("Viewers: stalls per hour watched", probe.ViewerStalls.Help, "short",
		"3600 * "+rate(probe.ViewerStalls, "stream")+" / "+rate(probe.ViewerPlayed, "stream"), "{{stream}}")
	g.timeSeries("Viewers: errors per minute", probe.ViewerErrors.Help, "short",
		"60 * "+rate(probe.ViewerErrors, "stream, kind"), "{{stream}} {{kind}}")
}
