package monitor

import (
	"slices"
	"sync"
)

const (
	proberWorkers = 256  // segment probes under way at once, over all streams
	proberQueue   = 4096 // probes that wait; what comes on top is left out
)

// prober has segments probed, so many at once.
type prober struct {
	crew *crew

	mu      sync.Mutex
	waiting []*job
	workers int
	skipped uint64
}

// submit has a segment probed for a stream, and never blocks.
func (p *prober) submit(j *job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) >= proberQueue {
		p.skipped++
		return
	}
	j.loop.s.group.Add(1)
	p.waiting = append(p.waiting, j)
	if p.workers < proberWorkers {
		p.workers++
		p.crew.do(p)
	}
}

// run probes what waits.
func (p *prober) run() {
	for j := p.next(); j != nil; j = p.next() {
		if j.ctx.Err() == nil {
			j.run()
		}
		j.loop.s.group.Done()
	}
}

// next returns the oldest that waits; nil when none does, and the worker is to end.
func (p *prober) next() *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.workers--
		return nil
	}
	j := p.waiting[0]
	p.waiting = slices.Delete(p.waiting, 0, 1)
	return j
}
