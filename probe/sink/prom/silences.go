package prom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamwatch/streamwatch/probe"
)

// silenceMetrics count what mutes the event. They are asked at each scrape.
type silenceMetrics struct {
	event  string
	ask    func() []probe.Silence
	active *prometheus.Desc
}

func newSilenceMetrics(event string, ask func() []probe.Silence) silenceMetrics {
	f := probe.SilencesActive
	name, labels := prometheus.BuildFQName(namespace, "", f.Prometheus), []string{"event", "maintenance"}
	return silenceMetrics{event, ask, prometheus.NewDesc(name, f.Help, labels, nil)}
}

// Describe sends the description.
func (m silenceMetrics) Describe(to chan<- *prometheus.Desc) { to <- m.active }

// Collect sends one value for silences and one for maintenance.
func (m silenceMetrics) Collect(to chan<- prometheus.Metric) {
	if m.ask == nil {
		return
	}
	count := map[bool]float64{}
	for _, s := range m.ask() {
		if s.State == probe.SilenceActive {
			count[s.Maintenance]++
		}
	}
	to <- prometheus.MustNewConstMetric(m.active, prometheus.GaugeValue, count[false], m.event, "false")
	to <- prometheus.MustNewConstMetric(m.active, prometheus.GaugeValue, count[true], m.event, "true")
}
