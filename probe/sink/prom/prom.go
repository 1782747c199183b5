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
	count     int // of series
	targets   map[target]map[*probe.Metric]*series
	nextPrune time.Time
}

// target is what a batch's samples mostly have in common, so that a batch
// costs one look-up by names.
type target struct {
	stream, rendition string
	side              probe.Side
}

// series is a resolved child: writing it costs no label look-up.
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
		limit:   maxSeries,
		targets: map[target]map[*probe.Metric]*series{},
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
	var last target
	var of map[*probe.Metric]*series
	for i := range b.Samples {
		sample := &b.Samples[i]
		if t := (target{sample.Stream, sample.Rendition, sample.Side}); of == nil || t != last {
			last, of = t, s.resolveTarget(t)
		}
		child := of[sample.Metric]
		if child == nil {
			if child = s.resolve(last, sample.Metric); child == nil {
				s.refused.Inc()
				continue
			}
			of[sample.Metric] = child
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

func (s *Sink) resolveTarget(t target) map[*probe.Metric]*series {
	of := s.targets[t]
	if of == nil {
		of = map[*probe.Metric]*series{}
		if s.count < s.limit {
			s.targets[t] = of
		}
	}
	return of
}

// resolve finds the gauge of a new series; nil when there are too many, or the
// metric is not in the catalog.
func (s *Sink) resolve(t target, m *probe.Metric) *series {
	vec := s.vecs[m]
	if vec == nil || s.count >= s.limit {
		return nil
	}
	s.count++
	return &series{gauge: vec.WithLabelValues(s.labels(t, m)...)}
}

func (s *Sink) labels(t target, m *probe.Metric) []string {
	values := []string{s.event, label(t.stream), label(t.rendition), t.side.String()}
	return values[:len(labelNames(m.Scope))]
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
	for t, of := range s.targets {
		for m, child := range of {
			if now.Sub(child.seen) > staleness {
				s.vecs[m].DeleteLabelValues(s.labels(t, m)...)
				delete(of, m)
				s.count--
			}
		}
		if len(of) == 0 {
			delete(s.targets, t)
		}
	}
	s.incident.prune(now)
}

// Handler answers a scrape.
func (s *Sink) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{Registry: s.registry, EnableOpenMetrics: true, MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}
