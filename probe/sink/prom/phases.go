package prom

import (
	"strconv"
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

// newFetches makes the counter of fetches by outcome.
func newFetches() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace, Name: probe.FetchesTotal.Prometheus, Help: probe.FetchesTotal.Help,
	}, []string{"event", "stream", "side", "kind", "outcome"})
}

// tally counts a fetch by its outcome.
func (s *Sink) tally(o *probe.Observation) {
	kind := "playlist"
	if o.Segment != nil {
		kind = "segment"
	}
	outcome := "ok"
	switch ex := &o.Exchange; {
	case ex.Failure != "":
		outcome = string(ex.Failure)
	case !ex.OK():
		outcome = strconv.Itoa(ex.Status/100) + "xx"
	}
	s.fetches.WithLabelValues(s.event, label(o.Target.Stream), o.Target.Side.String(), kind, outcome).Inc()
}

// Observe counts one fetch and the phases of it. Batches do not carry them, so the
// monitor calls it beside Write where it wants those.
func (s *Sink) Observe(o *probe.Observation) {
	s.tally(o)
	if o.Exchange.Failure != "" {
		return // its phases are those of the deadline, not of the path
	}
	if o.LowLatency != nil {
		return // it waits for the encoder
	}
	kind := "playlist"
	if o.Segment != nil {
		kind = "segment"
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
