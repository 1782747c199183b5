package prom

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamwatch/streamwatch/probe"
)

// phases are histograms of where the time of a fetch went. They are told apart
// by side and kind only: with streams and renditions they would be the bulk of
// every scrape, and a slow resolver or handshake is slow for all of them.
type phases struct {
	seconds *prometheus.HistogramVec
	by      map[phaseKey]prometheus.Observer
}

type phaseKey struct {
	side probe.Side
	kind string
	name string
}

var (
	phaseKinds = [...]string{"playlist", "segment"}
	phaseNames = [...]string{"dns", "connect", "tls", "first_byte", "body"}
)

func newPhases() phases {
	p := phases{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "fetch_phase_seconds",
			Help:                            "Time that a phase of a fetch took; connection phases count only where a connection was made.",
			Buckets:                         []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"side", "kind", "phase"}),
		by: map[phaseKey]prometheus.Observer{},
	}
	for _, side := range probe.Sides {
		for _, kind := range phaseKinds {
			for _, name := range phaseNames {
				p.by[phaseKey{side, kind, name}] = p.seconds.WithLabelValues(side.String(), kind, name)
			}
		}
	}
	return p
}

// Observe counts the phases of one fetch. Batches do not carry them, so the
// monitor calls it beside Write where it wants the histograms.
func (s *Sink) Observe(o *probe.Observation) {
	if o.Exchange.Failure != "" {
		return // its phases are those of the deadline, not of the path
	}
	kind := phaseKinds[0]
	if o.Segment != nil {
		kind = phaseKinds[1]
	}
	e := &o.Exchange
	set := func(name string, d time.Duration) {
		if h := s.phases.by[phaseKey{o.Target.Side, kind, name}]; h != nil {
			h.Observe(d.Seconds())
		}
	}
	if !e.Reused {
		set("dns", e.DNS)
		set("connect", e.Connect)
		if e.TLS > 0 {
			set("tls", e.TLS)
		}
	}
	set("first_byte", e.FirstByte)
	set("body", max(0, e.Duration()-e.FirstByte))
}
