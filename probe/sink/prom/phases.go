package prom

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamwatch/streamwatch/probe"
)

// newPhases makes the histograms of where the time of a fetch went. They are
// told apart by side and kind only: with streams and renditions they would be
// the bulk of every scrape, and a slow resolver or handshake is slow for all.
func newPhases() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: probe.FetchPhase.Prometheus,
		Help:                            probe.FetchPhase.Help,
		Buckets:                         []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}, []string{"side", "kind", "phase"})
}

// fetchCounts counts fetches by outcome. Each stream has some series, so they are
// held as those of the catalog are: a metric is made when it is scraped.
type fetchCounts struct {
	event string
	desc  *prometheus.Desc

	mu     sync.Mutex
	counts map[fetched]uint64
}

// fetched is what tells the series apart.
type fetched struct {
	stream        string
	side          probe.Side
	kind, outcome string
}

func newFetches(event string) *fetchCounts {
	name := prometheus.BuildFQName(namespace, "", probe.FetchesTotal.Prometheus)
	labels := []string{"event", "stream", "side", "kind", "outcome"}
	return &fetchCounts{
		event:  event,
		desc:   prometheus.NewDesc(name, probe.FetchesTotal.Help, labels, nil),
		counts: map[fetched]uint64{},
	}
}

// inc counts one.
func (c *fetchCounts) inc(f fetched) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[f]++
}

// Describe sends the description.
func (c *fetchCounts) Describe(to chan<- *prometheus.Desc) { to <- c.desc }

// Collect sends the counters.
func (c *fetchCounts) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for f, n := range c.counts {
		to <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(n), c.event, label(f.stream),
			f.side.String(), f.kind, f.outcome)
	}
}

// tally counts a fetch by its outcome.
func (s *Sink) tally(o *probe.Observation, kind string) {
	outcome := "ok"
	switch ex := &o.Exchange; {
	case ex.Failure != "":
		outcome = string(ex.Failure)
	case !ex.OK():
		outcome = strconv.Itoa(ex.Status/100) + "xx"
	}
	s.fetches.inc(fetched{o.Target.Stream, o.Target.Side, kind, outcome})
}

// Observe counts one fetch and the phases of it. Batches do not carry them, so the
// monitor calls it beside Write where it wants those.
func (s *Sink) Observe(o *probe.Observation) {
	kind := "playlist"
	if o.Segment != nil {
		kind = "segment"
	}
	s.tally(o, kind)
	if o.Exchange.Failure != "" {
		return // its phases are those of the deadline, not of the path
	}
	if o.LowLatency != nil {
		return // it waits for the encoder
	}
	e, side := &o.Exchange, o.Target.Side.String()
	count := func(phase string, d time.Duration) {
		s.phases.WithLabelValues(side, kind, phase).Observe(d.Seconds())
	}
	if !e.Reused {
		count("dns", e.DNS)
		count("connect", e.Connect)
		if e.TLS > 0 {
			count("tls", e.TLS)
		}
	}
	count("first_byte", e.FirstByte)
	count("body", max(0, e.Duration()-e.FirstByte))
}
