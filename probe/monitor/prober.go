package monitor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	proberWorkers = 256              // segment probes under way at once, over all streams
	proberQueue   = 4096             // probes that wait; what comes on top is left out
	proberIdle    = 10 * time.Second // after which a worker without work ends
)

// prober probes segments on a few goroutines that it keeps while there is work.
// A new one for each probe would grow its stack anew each time.
type prober struct {
	jobs    chan *job
	workers atomic.Int32
	idle    atomic.Int32
	skipped atomic.Uint64
}

// submit queues a job for a worker of the group, and never blocks.
func (p *prober) submit(ctx context.Context, group *sync.WaitGroup, j *job) {
	select {
	case p.jobs <- j:
	default:
		p.skipped.Add(1)
		return
	}
	if int(p.idle.Load()) < len(p.jobs) && p.workers.Load() < proberWorkers {
		p.workers.Add(1)
		group.Go(func() { p.work(ctx) })
	}
}

func (p *prober) work(ctx context.Context) {
	defer p.workers.Add(-1)
	timer := time.NewTimer(proberIdle)
	defer timer.Stop()
	for {
		p.idle.Add(1)
		timer.Reset(proberIdle)
		select {
		case j := <-p.jobs:
			p.idle.Add(-1)
			j.run()
		case <-timer.C:
			p.idle.Add(-1)
			return
		case <-ctx.Done():
			p.idle.Add(-1)
			return
		}
	}
}
