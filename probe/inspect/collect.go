package inspect

import (
	"context"
	"slices"
	"sync"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
)

// collector is a sink that remembers every incident as it was last.
type collector struct {
	mu        sync.Mutex
	incidents []probe.Incident
	polls     map[probe.Target]int
}

func newCollector() *collector { return &collector{polls: map[probe.Target]int{}} }

// Name returns "inspect".
func (*collector) Name() string { return "inspect" }

// Write remembers the incidents and counts the polls.
func (c *collector) Write(_ context.Context, b probe.Batch) error {
	c.keep(b.Incidents)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range b.Samples {
		if s.Metric == probe.ManifestAvail {
			c.polls[probe.Target{Stream: s.Stream, Rendition: s.Rendition, Side: s.Side, Edge: s.Edge}]++
		}
	}
	return nil
}

func (c *collector) keep(list []probe.Incident) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, in := range list {
		if i := slices.IndexFunc(c.incidents, func(old probe.Incident) bool { return old.ID == in.ID }); i >= 0 {
			c.incidents[i] = in
		} else {
			c.incidents = append(c.incidents, in)
		}
	}
}

// twice reports whether every media playlist that was polled was polled twice.
func (c *collector) twice() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t, n := range c.polls {
		if n < 2 && t.Rendition != "" { // a multivariant playlist is asked for twice a minute
			return false
		}
	}
	return len(c.polls) > 0
}

func (c *collector) findings() []report.Finding {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := []report.Finding{}
	for _, in := range c.incidents {
		found = append(found, report.FindingOf(in))
	}
	return found
}
