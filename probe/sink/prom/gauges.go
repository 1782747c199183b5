package prom

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamwatch/streamwatch/probe"
)

func (s *Sink) labelNames(m *probe.Metric) []string {
	names := s.choose(m, "event", "stream", "rendition", "side", "edge")
	if s.fleet {
		names = append(names, "vantage")
	}
	return names
}

// choose keeps of the labels' names or values those that a metric has.
func (s *Sink) choose(m *probe.Metric, event, stream, rendition, side, edge string) []string {
	if m.Scope == probe.ByEvent {
		return []string{event}
	}
	list := []string{event, stream, rendition}
	if m.Scope == probe.BySide {
		list = append(list, side)
	}
	if s.edges && m.OfEdge(probe.Edge) {
		list = append(list, edge)
	}
	return list
}

// gauges is the collector of the catalog's metrics.
type gauges struct{ s *Sink }

// Describe sends the descriptions of all metrics.
func (g gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range g.s.descs {
		to <- d
	}
}

// Collect sends the newest value of each series.
func (g gauges) Collect(to chan<- prometheus.Metric) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	for stream, rows := range g.s.rows {
		for _, r := range rows {
			for _, one := range r.series {
				to <- prometheus.MustNewConstMetric(g.s.descs[one.metric], prometheus.GaugeValue, one.value,
					g.s.labels(stream, r.target, g.s.catalog[one.metric])...)
			}
		}
	}
}

func (s *Sink) labels(stream string, t target, m *probe.Metric) []string {
	values := s.choose(m, s.event, label(stream), label(t.rendition), t.place.Side.String(), t.place.Edge)
	if s.fleet {
		values = append(values, t.vantage)
	}
	return values
}

// label makes a name that comes from a playlist fit for a label: valid UTF-8,
// which the client demands, and not a page long.
func label(name string) string {
	const longest = 120 // bytes
	if len(name) > longest {
		name = name[:longest]
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}
