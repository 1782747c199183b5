package prom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamwatch/streamwatch/probe"
)

// viewerMetrics show what viewers' players report: sums as counters, single
// values as histograms, because thousands of viewers have no newest value. The
// labels are bounded by who makes the samples: streams of the event, kinds of embed.
type viewerMetrics struct {
	totals  map[*probe.Metric]*prometheus.CounterVec
	spreads map[*probe.Metric]*prometheus.HistogramVec
}

func newViewerMetrics() viewerMetrics {
	v := viewerMetrics{map[*probe.Metric]*prometheus.CounterVec{}, map[*probe.Metric]*prometheus.HistogramVec{}}
	labels := []string{"event", "stream", "kind"}
	for _, m := range probe.Catalog() {
		switch {
		case m.Scope != probe.ByViewer:
		case m.Total():
			v.totals[m] = prometheus.NewCounterVec(prometheus.CounterOpts{
				Namespace: namespace, Name: m.Prometheus, Help: m.Help,
			}, labels)
		default:
			v.spreads[m] = prometheus.NewHistogramVec(prometheus.HistogramOpts{
				Namespace: namespace, Name: m.Prometheus, Help: m.Help,
				Buckets: []float64{.25, .5, 1, 1.5, 2, 3, 4, 6, 8, 10, 15, 20, 30, 60},
			}, labels)
		}
	}
	return v
}

func (v viewerMetrics) collectors() []prometheus.Collector {
	var list []prometheus.Collector
	for _, c := range v.totals {
		list = append(list, c)
	}
	for _, h := range v.spreads {
		list = append(list, h)
	}
	return list
}

// note adds a sample. A counter takes no less than it has: nobody reports less
// than nothing.
func (v viewerMetrics) note(event string, s *probe.Sample) {
	labels := []string{event, label(s.Stream), label(s.Rendition)}
	if m, ok := v.totals[s.Metric]; ok {
		m.WithLabelValues(labels...).Add(max(0, s.Value))
	}
	if m, ok := v.spreads[s.Metric]; ok {
		m.WithLabelValues(labels...).Observe(s.Value)
	}
}
