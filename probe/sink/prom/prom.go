// Package prom shows the newest value of every metric of the catalog, the open
// incidents and the phases of fetches to Prometheus.
//
// The rule that keeps it simple: it only remembers the newest value of each
// series and drops a series that stays silent; rates, windows and history are
// Prometheus's work. Labels hold names of the configuration and of renditions,
// never a URL or free text.
package prom

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	namespace = "streamwatch"
	staleness = 5 * time.Minute // a series without a sample for so long is dropped
	pruning   = 30 * time.Second
	maxSeries = 200_000 // rendition names come from playlists, which a hostile origin could change for ever
)

// Options describe the process that is scraped.
type Options struct {
	Event   string
	Version string // of streamwatch; "" is "unknown"
}

// Sink holds what a scrape shows. Its methods may be called from several
// goroutines.
type Sink struct {
	event    string
	registry *prometheus.Registry
	vecs     map[*probe.Metric]*prometheus.GaugeVec
	incident incidentMetrics
	phases   *prometheus.HistogramVec
	refused  prometheus.Counter

	mu        sync.Mutex
	limit     int // of series
	series    map[seriesKey]*series
	nextPrune time.Time
}

type seriesKey struct {
	metric            *probe.Metric
	stream, rendition string
	side              probe.Side
}

// series is a resolved child: writing it costs no label lookup.
type series struct {
	gauge prometheus.Gauge
	seen  time.Time
}

// New makes a sink with a registry of its own.
func New(o Options) *Sink {
	s := &Sink{
		event:    o.Event,
		registry: prometheus.NewRegistry(),
		vecs:     map[*probe.Metric]*prometheus.GaugeVec{},
		incident: newIncidentMetrics(),
		phases:   newPhases(),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "samples_refused_total", Help: "Samples that are not shown because there are too many series already.",
		}),
		limit:  maxSeries,
		series: map[seriesKey]*series{},
	}
	for _, m := range probe.Catalog() {
		s.vecs[m] = prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: m.Prometheus, Help: m.Help}, labelNames(m.Scope))
		s.registry.MustRegister(s.vecs[m])
	}
	s.registry.MustRegister(
		s.incident.active, s.incident.total, s.phases, s.refused, buildInfo(o.Version),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return s
}

func labelNames(scope probe.Scope) []string {
	names := []string{"event", "stream", "rendition", "side"}
	switch scope {
	case probe.ByEvent:
		return names[:1]
	case probe.ByStream:
		return names[:3]
	default:
		return names
	}
}

func buildInfo(version string) prometheus.Collector {
	if version == "" {
		version = "unknown"
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1; the version is a label.",
		ConstLabels: prometheus.Labels{"version": version},
	}, func() float64 { return 1 })
}

// Name returns "prometheus".
func (*Sink) Name() string { return "prometheus" }

// Write takes over a batch. It never fails: a batch that is refused for too
// many series would be refused again, so its samples are counted instead.
func (s *Sink) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Samples {
		sample := &b.Samples[i]
		key := seriesKey{sample.Metric, sample.Stream, sample.Rendition, sample.Side}
		child := s.series[key]
		if child == nil {
			if child = s.resolve(key); child == nil {
				s.refused.Inc()
				continue
			}
		}
		child.gauge.Set(sample.Value)
		child.seen = b.At
	}
	for i := range b.Incidents {
		s.incident.note(&b.Incidents[i], b.At)
	}
	if !b.At.Before(s.nextPrune) {
		s.nextPrune = b.At.Add(pruning)
		s.prune(b.At)
	}
	return nil
}

// resolve finds the gauge of a new series; nil when there are too many, or the
// metric is not in the catalog.
func (s *Sink) resolve(key seriesKey) *series {
	vec := s.vecs[key.metric]
	if vec == nil || len(s.series) >= s.limit {
		return nil
	}
	child := &series{gauge: vec.WithLabelValues(s.labels(key)...)}
	s.series[key] = child
	return child
}

func (s *Sink) labels(key seriesKey) []string {
	values := []string{s.event, label(key.stream), label(key.rendition), key.side.String()}
	return values[:len(labelNames(key.metric.Scope))]
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

// prune drops what has been silent, so that a rendition that vanished does not
// go on with its last value.
func (s *Sink) prune(now time.Time) {
	for key, child := range s.series {
		if now.Sub(child.seen) > staleness {
			s.vecs[key.metric].DeleteLabelValues(s.labels(key)...)
			delete(s.series, key)
		}
	}
	s.incident.prune(now)
}

// Handler answers a scrape.
func (s *Sink) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{Registry: s.registry, EnableOpenMetrics: true, MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}
