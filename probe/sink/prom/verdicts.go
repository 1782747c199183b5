package prom

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamwatch/streamwatch/probe"
)

// verdictMetrics show what each stream's verdict is, as a set of states of which
// one is 1, and how long it was in each.
type verdictMetrics struct {
	now            *prometheus.GaugeVec
	time, silenced *prometheus.CounterVec
	last           map[string]newest // by stream
}

// newest is the verdict that a stream has.
type newest struct {
	verdict string
	at      time.Time
}

func newVerdictMetrics() verdictMetrics {
	labels := []string{"event", "stream", probe.StreamVerdict.Prometheus} // the label has the name of the metric
	counter := func(m *probe.Metric) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: m.Prometheus, Help: m.Help},
			labels)
	}
	return verdictMetrics{
		now: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: probe.StreamVerdict.Prometheus, Help: probe.StreamVerdict.Help,
		}, labels),
		time: counter(probe.VerdictTime), silenced: counter(probe.SilencedTime), last: map[string]newest{},
	}
}

// note adds a sample. The newest of VerdictTime names the verdict of now.
func (v verdictMetrics) note(event string, s *probe.Sample) {
	stream := label(s.Stream)
	if s.Metric == probe.SilencedTime {
		v.silenced.WithLabelValues(event, stream, s.Rendition).Add(max(0, s.Value))
		return
	}
	v.time.WithLabelValues(event, stream, s.Rendition).Add(max(0, s.Value))
	if was, known := v.last[stream]; !known {
		for _, name := range probe.Verdicts {
			v.now.WithLabelValues(event, stream, string(name)).Set(0)
		}
	} else if was.verdict != s.Rendition {
		v.now.WithLabelValues(event, stream, was.verdict).Set(0)
	}
	v.now.WithLabelValues(event, stream, s.Rendition).Set(1)
	v.last[stream] = newest{s.Rendition, s.At}
}

// prune drops the state of streams that are not watched any more.
func (v verdictMetrics) prune(now time.Time) {
	for stream, last := range v.last {
		if now.Sub(last.at) > staleness {
			v.now.DeletePartialMatch(prometheus.Labels{"stream": stream})
			delete(v.last, stream)
		}
	}
}
