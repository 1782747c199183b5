package monitor

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	queueLength  = 8192                   // batches that wait for one sink
	gather       = 100 * time.Millisecond // for which numbers wait for company; incidents do not
	lastFlush    = 10 * time.Second       // given to all sinks after the last batch
	writeTimeout = 15 * time.Second
	retryFirst   = 500 * time.Millisecond
	retryLongest = 30 * time.Second
)

// fanOut hands every batch to every sink. Each sink has a queue and a
// goroutine, so that a slow one delays nobody.
type fanOut struct {
	queues []*queue
	log    *zap.Logger
}

// keeper is a sink that holds in memory what it was given until it is told to
// bring it to safety: once for many batches, since that costs more than taking them.
type keeper interface {
	Keep(ctx context.Context)
}

// queue holds the batches that one sink has not taken yet.
type queue struct {
	sink   probe.Sink
	filled chan struct{} // there is something
	urgent chan struct{} // there is an incident, or the end
	closed chan struct{}

	mu      sync.Mutex
	batches []probe.Batch
	dropped uint64
}

func newFanOut(sinks []probe.Sink, log *zap.Logger) *fanOut {
	f := &fanOut{log: log}
	for _, s := range sinks {
		f.queues = append(f.queues, &queue{sink: s, filled: make(chan struct{}, 1), urgent: make(chan struct{}, 1), closed: make(chan struct{})})
	}
	return f
}

// send queues a batch for every sink and never blocks.
func (f *fanOut) send(b probe.Batch) {
	for _, q := range f.queues {
		q.add(b)
	}
}

// add queues a batch. A full queue drops its oldest batch without incidents.
func (q *queue) add(b probe.Batch) {
	q.mu.Lock()
	if len(q.batches) >= queueLength {
		i := max(0, slices.IndexFunc(q.batches, func(old probe.Batch) bool { return len(old.Incidents) == 0 }))
		q.batches = slices.Delete(q.batches, i, i+1)
		q.dropped++
	}
	q.batches = append(q.batches, b)
	first := len(q.batches) == 1
	q.mu.Unlock()
	if first {
		signal(q.filled)
	}
	if len(b.Incidents) > 0 {
		signal(q.urgent)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take empties the queue.
func (q *queue) take() []probe.Batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.batches
	q.batches = nil
	return all
}

// drop counts batches that were given up, and returns how many there are.
func (q *queue) drop(n uint64) uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped += n
	return q.dropped
}

// waiting is how many batches are queued.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.batches)
}

// close says that no batch follows.
func (f *fanOut) close() {
	for _, q := range f.queues {
		close(q.closed)
	}
}

// run writes until close was called and every queue is empty, or ctx is done,
// which ends the last flush.
func (f *fanOut) run(ctx context.Context) {
	var group sync.WaitGroup
	for _, q := range f.queues {
		group.Go(func() { f.drain(ctx, q) })
	}
	group.Wait()
}

func (f *fanOut) drain(ctx context.Context, q *queue) {
	for open := true; open; {
		select {
		case <-q.filled:
			open = q.gather()
		case <-q.closed:
			open = false
		}
		f.writeAll(ctx, q, q.take())
	}
	if n := q.drop(0); n > 0 {
		f.log.Warn("sink fell behind", zap.String("sink", q.sink.Name()), zap.Uint64("batches_dropped", n))
	}
}

// gather waits for more batches to come together: waking a sink for each costs
// more than what it does. It reports whether the queue is still open.
func (q *queue) gather() bool {
	select {
	case <-time.After(gather):
	case <-q.urgent:
	case <-q.closed:
		return false
	}
	return true
}

// writeAll writes batches in order, and has them kept.
func (f *fanOut) writeAll(ctx context.Context, q *queue, all []probe.Batch) {
	writing, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	for _, b := range all {
		if err := q.sink.Write(writing, b); err != nil {
			f.retry(ctx, q, b, err)
		}
	}
	if k, ok := q.sink.(keeper); ok && len(all) > 0 {
		k.Keep(writing)
	}
}

// retry writes one batch again and again while the sink fails. While others
// queue up behind it, it gives up after a while, so that the newest gets through.
func (f *fanOut) retry(ctx context.Context, q *queue, b probe.Batch, err error) {
	for wait := retryFirst; err != nil; wait *= 2 {
		f.log.Warn("sink refused a batch", zap.String("sink", q.sink.Name()), zap.Error(err))
		if wait > retryLongest || len(b.Incidents) == 0 && q.waiting() > queueLength/2 {
			q.drop(1)
			return
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		writing, cancel := context.WithTimeout(ctx, writeTimeout)
		err = q.sink.Write(writing, b)
		cancel()
	}
}
