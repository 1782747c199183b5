package monitor

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	gather       = 100 * time.Millisecond // for which numbers wait for company; incidents do not
	lastFlush    = 10 * time.Second       // given to all sinks after the last batch
	writeTimeout = 15 * time.Second
	retryFirst   = 500 * time.Millisecond
	retryLongest = 30 * time.Second
	retryJournal = time.Second // between attempts to write what the journal holds
)

// fanOut hands every batch to every sink. Each sink has a queue and a
// goroutine, so that a slow one delays nobody.
//
// Numbers that a sink refuses for long are given up, so that newer ones get
// through. Incidents never are: they wait in the queue's journal until the sink
// takes them, in order, while numbers pass them by.
type fanOut struct {
	queues []*queue
	log    *zap.Logger
}

// keeper is a sink that holds in memory what it was given until it is told to
// bring it to safety: once for many batches, since that costs more than taking them.
type keeper interface {
	Keep(ctx context.Context)
}

func newFanOut(sinks []probe.Sink, log *zap.Logger) *fanOut {
	f := &fanOut{log: log}
	for _, s := range sinks {
		f.queues = append(f.queues, newQueue(s))
	}
	return f
}

// send queues a batch for every sink and never blocks.
func (f *fanOut) send(b probe.Batch) {
	for _, q := range f.queues {
		q.add(b)
	}
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
	defer q.end()
	for open := true; open; {
		var again <-chan time.Time
		if q.journaled() > 0 {
			again = time.After(retryJournal)
		}
		select {
		case <-q.filled:
			open = q.gather()
		case <-again:
		case <-q.closed:
			open = false
		}
		f.writeAll(ctx, q, q.take())
	}
	for q.journaled() > 0 && probe.Pause(ctx, retryJournal) {
		f.writeJournal(ctx, q)
	}
	if lost := q.journaled(); lost > 0 {
		q.drop(uint64(lost))
		f.log.Error("sink did not take the last incidents", zap.String("sink", q.sink.Name()), zap.Int("batches", lost))
	}
	if n := q.drop(0); n > 0 {
		f.log.Warn("sink fell behind", zap.String("sink", q.sink.Name()), zap.Uint64("batches_dropped", n))
	}
}

// writeAll writes batches in order, and has them kept.
func (f *fanOut) writeAll(ctx context.Context, q *queue, all []probe.Batch) {
	f.writeJournal(ctx, q)
	for _, b := range all {
		f.write(ctx, q, b)
		q.done()
	}
	defer q.give(all)
	if k, ok := q.sink.(keeper); ok && len(all) > 0 {
		writing, cancel := context.WithTimeout(ctx, writeTimeout)
		defer cancel()
		k.Keep(writing)
	}
}

// write writes one batch. Its incidents go to the journal when others wait
// there already or when the sink refuses them; its numbers do not wait for them.
func (f *fanOut) write(ctx context.Context, q *queue, b probe.Batch) {
	var err error
	if len(b.Incidents) == 0 || q.journaled() == 0 {
		if err = f.try(ctx, q, b); err == nil {
			return
		}
	}
	if len(b.Incidents) > 0 {
		q.keep(b)
		if b.Incidents = nil; len(b.Samples) == 0 {
			return
		}
		err = f.try(ctx, q, b)
	}
	if err != nil {
		f.retry(ctx, q, b)
	}
}

// try writes a batch once.
func (f *fanOut) try(ctx context.Context, q *queue, b probe.Batch) error {
	err := q.sink.Write(q.deadline(ctx), b)
	switch began, over := q.note(err, time.Now()); {
	case began:
		f.log.Warn("sink refused a batch", zap.String("sink", q.sink.Name()), zap.Error(err))
	case over > 0:
		f.log.Info("sink works again", zap.String("sink", q.sink.Name()), zap.Duration("after", over))
	}
	return err
}

// retry writes numbers again and again while the sink fails, and the journal
// before them. It gives up after a while, and at once where many queue up behind.
func (f *fanOut) retry(ctx context.Context, q *queue, b probe.Batch) {
	for wait := retryFirst; ; wait *= 2 {
		if wait > retryLongest || q.waiting() > queueLength/2 || !probe.Pause(ctx, wait) {
			q.drop(1)
			return
		}
		f.writeJournal(ctx, q)
		if f.try(ctx, q, b) == nil {
			return
		}
	}
}

// writeJournal writes what the journal holds until the sink refuses.
func (f *fanOut) writeJournal(ctx context.Context, q *queue) {
	for b, ok := q.oldest(); ok; b, ok = q.oldest() {
		if f.try(ctx, q, b) != nil {
			return
		}
		q.written()
	}
}
