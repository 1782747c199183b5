package prom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamwatch/streamwatch/probe"
)

// sinkMetrics show how the sinks fare. They are asked at each scrape.
type sinkMetrics struct {
	event                     string
	ask                       func() []probe.SinkHealth
	failing, waiting, dropped *prometheus.Desc
}

func newSinkMetrics(event string, ask func() []probe.SinkHealth) sinkMetrics {
	desc := func(f *probe.Family) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", f.Prometheus), f.Help, []string{"event", "sink"}, nil)
	}
	return sinkMetrics{event, ask, desc(probe.SinkFailing), desc(probe.SinkWaiting), desc(probe.SinkDropped)}
}

// Describe sends the descriptions of all metrics.
func (m sinkMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.failing
	to <- m.waiting
	to <- m.dropped
}

// Collect sends three values of each sink.
func (m sinkMetrics) Collect(to chan<- prometheus.Metric) {
	if m.ask == nil {
		return
	}
	for _, h := range m.ask() {
		failing := 1.0
		if h.OK() {
			failing = 0
		}
		to <- prometheus.MustNewConstMetric(m.failing, prometheus.GaugeValue, failing, m.event, h.Name)
		to <- prometheus.MustNewConstMetric(m.waiting, prometheus.GaugeValue, float64(h.Waiting), m.event, h.Name)
		to <- prometheus.MustNewConstMetric(m.dropped, prometheus.CounterValue, float64(h.Dropped), m.event, h.Name)
	}
}
