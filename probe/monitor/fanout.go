package monitor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	queueLength  = 8192             // batches that wait for one sink
	lastFlush    = 10 * time.Second // given to each sink after the last batch
	writeTimeout = 15 * time.Second
	retryFirst   = 500 * time.Millisecond
	retryLongest = 30 * time.Second
)

// fanOut hands every batch to every sink. Each sink has a queue and a
// goroutine, so that a slow one delays nobody; a full queue drops its oldest
// batch without incidents and counts it.
type fanOut struct {
	queues []*queue
	log    *zap.Logger
}

type queue struct {
	sink    probe.Sink
	batches chan probe.Batch
	dropped atomic.Uint64
}

func newFanOut(sinks []probe.Sink, log *zap.Logger) *fanOut {
	f := &fanOut{log: log}
	for _, s := range sinks {
		f.queues = append(f.queues, &queue{sink: s, batches: make(chan probe.Batch, queueLength)})
	}
	return f
}

// send queues a batch for every sink and never blocks.
func (f *fanOut) send(b probe.Batch) {
	for _, q := range f.queues {
		for {
			select {
			case q.batches <- b:
			default:
				select {
				case <-q.batches:
					q.dropped.Add(1)
				default:
				}
				continue
			}
			break
		}
	}
}

// close says that no batch follows.
func (f *fanOut) close() {
	for _, q := range f.queues {
		close(q.batches)
	}
}

// run writes until close was called and every queue is empty, or the last
// flush took too long.
func (f *fanOut) run(ctx context.Context) {
	var group sync.WaitGroup
	for _, q := range f.queues {
		group.Go(func() { f.drain(ctx, q) })
	}
	group.Wait()
}

func (f *fanOut) drain(ctx context.Context, q *queue) {
	for b := range q.batches {
		f.write(ctx, q, b)
	}
	if n := q.dropped.Load(); n > 0 {
		f.log.Warn("sink fell behind", zap.String("sink", q.sink.Name()), zap.Uint64("batches_dropped", n))
	}
}

// write writes one batch, again and again while the sink fails. While others
// queue up behind it, it gives up after a while, so that the newest gets through.
func (f *fanOut) write(ctx context.Context, q *queue, b probe.Batch) {
	wait := retryFirst
	for {
		writing, cancel := context.WithTimeout(ctx, writeTimeout)
		err := q.sink.Write(writing, b)
		cancel()
		if err == nil {
			return
		}
		f.log.Warn("sink refused a batch", zap.String("sink", q.sink.Name()), zap.Error(err))
		if wait > retryLongest || len(b.Incidents) == 0 && len(q.batches) > queueLength/2 {
			q.dropped.Add(1)
			return
		}
		select {
		case <-time.After(wait):
			wait *= 2
		case <-ctx.Done():
			return
		}
	}
}
