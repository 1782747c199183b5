package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/streamwatch/streamwatch/probe"
)

// Collector is a sink that keeps each incident as it last was, how often it
// changed, and, where a Setup says so, every batch.
type Collector struct {
	keep bool

	mu      sync.Mutex
	list    []probe.Incident
	changes map[string]int // by ID
	batches []probe.Batch
}

// Name names the sink.
func (c *Collector) Name() string { return "drill" }

// Write keeps the incidents of a batch.
func (c *Collector) Write(_ context.Context, b probe.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keep {
		c.batches = append(c.batches, b)
	}
	for _, in := range b.Incidents {
		i := slices.IndexFunc(c.list, func(old probe.Incident) bool { return old.ID == in.ID })
		if i < 0 {
			c.list = append(c.list, in)
			continue
		}
		if changed(&c.list[i], &in) {
			if c.changes == nil {
				c.changes = map[string]int{}
			}
			c.changes[in.ID]++
		}
		c.list[i] = in
	}
	return nil
}

// changed reports whether an incident is worth telling of again.
func changed(before, after *probe.Incident) bool {
	return before.Check != after.Check || before.Severity != after.Severity || before.Blame != after.Blame ||
		before.Side != after.Side || before.Scope != after.Scope || !slices.Equal(before.Streams, after.Streams)
}

// Incidents returns what was seen, in the order of opening.
func (c *Collector) Incidents() []probe.Incident {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

// Samples returns those of the batches that were kept.
func (c *Collector) Samples() (all []probe.Sample) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.batches {
		all = append(all, b.Samples...)
	}
	return all
}

// Open returns the incidents that are open, in the order of opening.
func (c *Collector) Open() []probe.Incident {
	return slices.DeleteFunc(c.Incidents(), func(in probe.Incident) bool { return !in.Open() })
}

// Changes is how often an incident got another cause, severity, blame, side,
// scope or other streams.
func (c *Collector) Changes(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changes[id]
}

// Lines writes the batches that were kept as lines that are equal for equal
// batches: in an order of their own, and without what is random in them. Times
// are compared, so both runs need the same simulated time.
func (c *Collector) Lines() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	for _, b := range c.batches {
		for _, s := range b.Samples {
			lines = append(lines, fmt.Sprintf("%s sample %s %s/%s/%s %g at %s", b.At.UTC().Format(stamp),
				s.Metric.Name, s.Stream, s.Rendition, s.Side, s.Value, s.At.UTC().Format(stamp)))
		}
		for _, in := range b.Incidents {
			in.ID = ""
			in.Evidence = slices.Clone(in.Evidence)
			for i := range in.Evidence {
				in.Evidence[i].RequestID = ""
			}
			text, err := json.Marshal(in)
			if err != nil {
				text = []byte(err.Error())
			}
			lines = append(lines, fmt.Sprintf("%s incident %s", b.At.UTC().Format(stamp), text))
		}
	}
	slices.Sort(lines)
	return lines
}

const stamp = "15:04:05.000000"
