package prom

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamwatch/streamwatch/probe"
)

// verdicts show what each stream's verdict is, as a set of states of which one is
// 1, and how long it was in each. Like gauges, they become metrics when they are
// scraped.
type verdicts struct {
	now, time, silenced *prometheus.Desc
	of                  map[string]*verdict // by stream, as the label has it; guarded by Sink.mu
}

// verdict is what is known of one stream.
type verdict struct {
	now            probe.Verdict                // "" once the stream is not watched any more
	at             time.Time                    // of the newest sample
	time, silenced [len(probe.Verdicts)]float64 // seconds in each
}

func newVerdicts() verdicts {
	desc := func(name, help string) *prometheus.Desc {
		labels := []string{"event", "stream", probe.StreamVerdict.Prometheus} // the label has the name of the metric
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	}
	return verdicts{
		now:      desc(probe.StreamVerdict.Prometheus, probe.StreamVerdict.Help),
		time:     desc(probe.VerdictTime.Prometheus, probe.VerdictTime.Help),
		silenced: desc(probe.SilencedTime.Prometheus, probe.SilencedTime.Help),
		of:       map[string]*verdict{},
	}
}

// note adds a sample. The newest of VerdictTime names the verdict of now.
func (v verdicts) note(s *probe.Sample) {
	name := probe.Verdict(s.Rendition)
	i := slices.Index(probe.Verdicts[:], name)
	if i < 0 {
		return // none that this version knows
	}
	stream := label(s.Stream)
	one := v.of[stream]
	if one == nil {
		one = &verdict{}
		v.of[stream] = one
	}
	if s.Metric == probe.SilencedTime {
		one.silenced[i] += max(0, s.Value)
		return
	}
	one.time[i] += max(0, s.Value)
	one.now, one.at = name, s.At
}

// forget drops the state of a stream that is not watched any more. How long it was
// in each counts on.
func (v verdicts) forget(stream string) {
	if one := v.of[label(stream)]; one != nil {
		one.now = ""
	}
}

// prune drops the state of streams that are not watched any more.
func (v verdicts) prune(now time.Time) {
	for _, one := range v.of {
		if now.Sub(one.at) > staleness {
			one.now = ""
		}
	}
}

// verdictMetrics is the collector of verdicts.
type verdictMetrics struct{ s *Sink }

// Describe sends the descriptions of the three.
func (g verdictMetrics) Describe(to chan<- *prometheus.Desc) {
	v := g.s.verdicts
	to <- v.now
	to <- v.time
	to <- v.silenced
}

// Collect sends those of every stream.
func (g verdictMetrics) Collect(to chan<- prometheus.Metric) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	v := g.s.verdicts
	for stream, one := range v.of {
		send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, name probe.Verdict) {
			to <- prometheus.MustNewConstMetric(d, kind, value, g.s.event, stream, string(name))
		}
		for i, name := range probe.Verdicts {
			if one.now == name {
				send(v.now, prometheus.GaugeValue, 1, name)
			} else if one.now != "" {
				send(v.now, prometheus.GaugeValue, 0, name)
			}
			if one.time[i] > 0 {
				send(v.time, prometheus.CounterValue, one.time[i], name)
			}
			if one.silenced[i] > 0 {
				send(v.silenced, prometheus.CounterValue, one.silenced[i], name)
			}
		}
	}
}
