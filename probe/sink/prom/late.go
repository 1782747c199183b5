package prom

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// lateCounter is a counter whose series are scraped as 0 before they count:
// increase and rate see nothing of a series that appears with 1 at once, which
// would be the first incident of its kind, and mostly the only one.
type lateCounter struct {
	vec *prometheus.CounterVec

	mu     sync.Mutex
	series map[string]*late // by the values of its labels
}

// late is a series: what was counted before its 0 was scraped waits.
type late struct {
	counter prometheus.Counter
	scraped bool
	waiting float64
}

func newLateCounter(o prometheus.CounterOpts, labels []string) *lateCounter {
	return &lateCounter{vec: prometheus.NewCounterVec(o, labels), series: map[string]*late{}}
}

// inc counts one.
func (c *lateCounter) inc(values []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.Join(values, "\x00")
	if c.series[key] == nil {
		c.series[key] = &late{counter: c.vec.WithLabelValues(values...)}
	}
	c.series[key].waiting++
}

// Describe sends the description.
func (c *lateCounter) Describe(to chan<- *prometheus.Desc) { c.vec.Describe(to) }

// Collect counts what waited since a scrape before, and sends the counters.
func (c *lateCounter) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.series {
		if s.scraped {
			s.counter.Add(s.waiting)
			s.waiting = 0
		}
		s.scraped = true
	}
	c.vec.Collect(to)
}
