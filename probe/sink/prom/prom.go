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
	"slices"
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
	Event    string
	Version  string                    // of streamwatch; "" is "unknown"
	Vantage  string                    // a label on every metric; "" leaves it out
	Edges    bool                      // the event has several, which a label tells apart
	Fleet    bool                      // samples say from which vantage they are: a label of its own
	Open     []probe.Incident          // that an earlier process opened: they are active, and not counted as opened
	Sinks    func() []probe.SinkHealth // asked at each scrape; nil shows none
	Silences func() []probe.Silence    // likewise
}

// Sink holds what a scrape shows. Its methods may be called from several
// goroutines.
type Sink struct {
	event    string
	edges    bool
	fleet    bool
	registry *prometheus.Registry
	catalog  []*probe.Metric
	descs    []*prometheus.Desc // of the catalog, in its order
	place    map[*probe.Metric]int32
	incident incidentMetrics
	phases   *prometheus.HistogramVec
	fetches  *fetchCounts
	viewers  viewerMetrics
	verdicts verdicts
	refused  prometheus.Counter
	notified *prometheus.CounterVec

	mu        sync.Mutex
	limit     int               // of series
	count     int               // of series
	rows      map[string][]*row // by stream
	nextPrune time.Time
	first     time.Time            // of the first batch
	gone      map[string]time.Time // streams that were forgotten, and when
}

// target is what of a stream a batch's samples mostly have in common, so that a
// batch costs one look-up by names.
type target struct {
	rendition string
	place     probe.Place
	vantage   string
}

// row is the series of one target, in the order in which they came first.
type row struct {
	target
	series []series
}

// series is the newest value of one metric of the catalog for one target. The
// client's own gauges take ten times the memory, which thousands of watched
// playlists feel; here a metric is made only when it is scraped.
type series struct {
	value  float64
	seen   int32 // as the sink counts time
	metric int32 // its place in the catalog
}

// New makes a sink with a registry of its own.
func New(o Options) *Sink {
	s := &Sink{
		event:    o.Event,
		edges:    o.Edges,
		fleet:    o.Fleet,
		registry: prometheus.NewRegistry(),
		catalog:  slices.DeleteFunc(probe.Catalog(), func(m *probe.Metric) bool { return m.Scope == probe.ByViewer }),
		place:    map[*probe.Metric]int32{},
		incident: newIncidentMetrics(o.Edges),
		phases:   newPhases(),
		fetches:  newFetches(o.Event),
		viewers:  newViewerMetrics(),
		verdicts: newVerdicts(),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: probe.SamplesRefused.Prometheus, Help: probe.SamplesRefused.Help,
		}),
		notified: newNotified(),
		limit:    maxSeries,
		rows:     map[string][]*row{},
		gone:     map[string]time.Time{},
	}
	for i := range o.Open {
		s.incident.enter(o.Open[i].ID, s.incident.labelsOf(&o.Open[i]))
	}
	for i, m := range s.catalog {
		s.place[m] = int32(i)
		s.descs = append(s.descs,
			prometheus.NewDesc(prometheus.BuildFQName(namespace, "", m.Prometheus), m.Help, s.labelNames(m), nil))
	}
	var register prometheus.Registerer = s.registry
	if o.Vantage != "" {
		register = prometheus.WrapRegistererWith(prometheus.Labels{"vantage": label(o.Vantage)}, register)
	}
	register.MustRegister(s.viewers.collectors()...)
	register.MustRegister(
		gauges{s}, verdictMetrics{s}, newSinkMetrics(o.Event, o.Sinks), newSilenceMetrics(o.Event, o.Silences),
		s.incident.active, s.incident.total, s.phases, s.fetches, s.refused, s.notified, buildInfo(o.Version),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return s
}

func buildInfo(version string) prometheus.Collector {
	if version == "" {
		version = "unknown"
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: probe.BuildInfo.Prometheus, Help: probe.BuildInfo.Help,
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
	at := s.moment(b.At)
	if until, gone := s.gone[b.Stream]; gone && !b.At.After(until) {
		b.Samples = nil
	} else if gone {
		delete(s.gone, b.Stream) // it is watched again
	}
	var stream string
	var last *row
	for i := range b.Samples {
		sample := &b.Samples[i]
		switch sample.Metric.Scope {
		case probe.ByViewer:
			s.viewers.note(s.event, sample)
			continue
		case probe.ByVerdict:
			if until, gone := s.gone[sample.Stream]; !gone || sample.At.After(until) {
				s.verdicts.note(sample)
			}
			continue
		case probe.ByEvent, probe.ByStream, probe.BySide:
		}
		t := target{sample.Rendition, probe.Place{Side: sample.Side, Edge: sample.Edge}, sample.Vantage}
		if last == nil || t != last.target || sample.Stream != stream {
			stream, last = sample.Stream, s.row(sample.Stream, t)
		}
		i, known := s.place[sample.Metric]
		if !known || last == nil || !s.set(last, series{sample.Value, at, i}) {
			s.refused.Inc()
		}
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

// moment counts time by the monotonic clock, in seconds above zero: a clock on the
// wall that is set by an hour makes nothing old, and keeps nothing young.
func (s *Sink) moment(at time.Time) int32 {
	const middle = 1 << 30
	if s.first.IsZero() {
		s.first = at
	}
	return int32(middle + min(max(at.Sub(s.first)/time.Second, -middle), middle-1))
}

// row returns the series of a target; nil when there are too many already.
func (s *Sink) row(stream string, t target) *row {
	for _, r := range s.rows[stream] {
		if r.target == t {
			return r
		}
	}
	if s.count >= s.limit {
		return nil
	}
	r := &row{target: t}
	s.rows[stream] = append(s.rows[stream], r)
	return r
}

// set makes a value the newest of its metric; false when there are too many series
// already.
func (s *Sink) set(r *row, newest series) bool {
	for i := range r.series {
		if r.series[i].metric == newest.metric {
			r.series[i] = newest
			return true
		}
	}
	if s.count >= s.limit {
		return false
	}
	s.count++
	if len(r.series) == cap(r.series) {
		r.series = append(make([]series, 0, len(r.series)+4), r.series...)
	}
	r.series = append(r.series, newest)
	return true
}

// Forget drops the series of a stream that is not watched any more: their last
// values would stand for minutes. Batches of it that are still under way are
// passed over.
func (s *Sink) Forget(stream string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[stream] = now
	s.verdicts.forget(stream)
	for _, r := range s.rows[stream] {
		s.count -= len(r.series)
	}
	delete(s.rows, stream)
}

// prune drops what has been silent, so that a rendition that vanished does not
// go on with its last value.
func (s *Sink) prune(now time.Time) {
	oldest := s.moment(now) - int32(staleness/time.Second)
	for stream, rows := range s.rows {
		for _, r := range rows {
			had := len(r.series)
			r.series = slices.DeleteFunc(r.series, func(one series) bool { return one.seen < oldest })
			s.count -= had - len(r.series)
		}
		rows = slices.DeleteFunc(rows, func(r *row) bool { return len(r.series) == 0 })
		if s.rows[stream] = rows; len(rows) == 0 {
			delete(s.rows, stream)
		}
	}
	s.incident.prune(now)
	s.verdicts.prune(now)
}

// Handler answers a scrape.
func (s *Sink) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{
		Registry:            s.registry,
		EnableOpenMetrics:   true,
		MaxRequestsInFlight: 4,
		Timeout:             10 * time.Second,
	})
}
