package prom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamwatch/streamwatch/probe"
)

func newNotified() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace, Name: probe.Notifications.Prometheus, Help: probe.Notifications.Help,
	}, []string{"event", "receiver", "result"})
}

// Notified counts n messages of which the same became. receiver is a kind and a
// number, as webhook-1, never an address. None at all makes the series known.
func (s *Sink) Notified(receiver, result string, n int) {
	s.notified.WithLabelValues(s.event, receiver, result).Add(float64(n))
}
