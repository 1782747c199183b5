package monitor

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	queueLength   = 8192             // batches that wait for one sink
	queueSpare    = 4096             // of them, for which room is kept
	renewAfter    = time.Second      // within which writes share a deadline
	journalLength = 4096             // batches of incidents that it refused; beyond it only the newest of each incident
	calm          = 15 * time.Second // without a failure, until a sink counts as well again
)

// queue holds the batches that one sink has not taken yet.
type queue struct {
	sink   probe.Sink
	filled chan struct{} // there is something
	urgent chan struct{} // there is an incident, or the end
	closed chan struct{}

	// writing is shared by writes that follow close on each other. It belongs to the
	// goroutine that writes.
	writing context.Context //nolint:containedctx // see above
	expires context.CancelFunc
	renew   time.Time // when another one is due

	mu      sync.Mutex
	batches []probe.Batch
	spare   []probe.Batch // room for the next ones
	inHand  int           // taken from batches and not written yet
	journal []probe.Batch // incidents that the sink refused, or that wait behind such; without samples, oldest first
	dropped uint64

	failing time.Time // when it began to fail; zero while it is well
	failed  time.Time // the last time
	cause   string    // of that
}

func newQueue(s probe.Sink) *queue {
	return &queue{sink: s, filled: make(chan struct{}, 1), urgent: make(chan struct{}, 1), closed: make(chan struct{})}
}

// add queues a batch. A full queue drops its oldest batch without incidents.
func (q *queue) add(b probe.Batch) {
	q.mu.Lock()
	q.batches = q.append(q.batches, b, queueLength)
	first := len(q.batches) == 1
	q.mu.Unlock()
	if first {
		signal(q.filled)
	}
	if len(b.Incidents) > 0 {
		signal(q.urgent)
	}
}

// append adds to a list that has a limit. To keep it, the oldest numbers go
// first, then incidents of which something newer is known, then the oldest.
func (q *queue) append(list []probe.Batch, b probe.Batch, limit int) []probe.Batch {
	if len(list) >= limit {
		i := slices.IndexFunc(list, func(old probe.Batch) bool { return len(old.Incidents) == 0 })
		if i < 0 {
			if short := newest(append(list, b)); len(short) <= limit {
				return short
			}
			i = 0
		}
		list = slices.Delete(list, i, i+1)
		q.dropped++
	}
	return append(list, b)
}

// newest keeps of each incident only what was said last. A sink that is told of
// an incident late writes down its beginning too.
func newest(list []probe.Batch) []probe.Batch {
	seen := map[string]bool{}
	var short []probe.Batch
	for _, b := range slices.Backward(list) {
		var left []probe.Incident
		for _, in := range slices.Backward(b.Incidents) {
			if !seen[in.ID] {
				seen[in.ID] = true
				left = append(left, in)
			}
		}
		if slices.Reverse(left); len(left) > 0 {
			b.Incidents = left
			short = append(short, b)
		}
	}
	slices.Reverse(short)
	return short
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
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

// take empties the queue.
func (q *queue) take() []probe.Batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.batches
	q.batches, q.spare, q.inHand = q.spare, nil, len(all)
	return all
}

// give takes back the room of batches that are written.
func (q *queue) give(all []probe.Batch) {
	clear(all)
	q.mu.Lock()
	defer q.mu.Unlock()
	if cap(all) <= queueSpare {
		q.spare = all[:0]
	}
}

// deadline returns the context of one write, which has writeTimeout, or a little
// less.
func (q *queue) deadline(ctx context.Context) context.Context {
	if now := time.Now(); q.writing == nil || now.After(q.renew) || q.writing.Err() != nil {
		if q.expires != nil {
			q.expires()
		}
		q.writing, q.expires = context.WithTimeout(ctx, writeTimeout)
		q.renew = now.Add(renewAfter)
	}
	return q.writing
}

// end gives back what deadline took.
func (q *queue) end() {
	if q.expires != nil {
		q.expires()
	}
}

// done says that one of the batches that were taken is settled.
func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inHand--
}

// keep puts the incidents of a batch into the journal.
func (q *queue) keep(b probe.Batch) {
	b.Samples = nil
	q.mu.Lock()
	defer q.mu.Unlock()
	q.journal = q.append(q.journal, b, journalLength)
}

// oldest returns the first batch of the journal.
func (q *queue) oldest() (b probe.Batch, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.journal) == 0 {
		return b, false
	}
	return q.journal[0], true
}

// written removes the first batch of the journal.
func (q *queue) written() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.journal = slices.Delete(q.journal, 0, 1)
}

// journaled is how many batches the journal holds.
func (q *queue) journaled() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.journal)
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

// note remembers how a write went. began says that the sink was well until now;
// over is for how long it was not, once it is well again. A sink may take
// numbers into memory between two failures to write them, so that one success
// says little.
func (q *queue) note(err error, now time.Time) (began bool, over time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		if began = q.failing.IsZero() || q.well(now); began {
			q.failing = now
		}
		q.failed, q.cause = now, probe.Cause(err)
		return began, 0
	}
	if !q.failing.IsZero() && q.well(now) {
		over = q.failed.Sub(q.failing)
		q.failing = time.Time{}
	}
	return false, over
}

// well reports whether the sink took everything for a while.
func (q *queue) well(now time.Time) bool {
	return q.failing.IsZero() || len(q.journal) == 0 && now.Sub(q.failed) >= calm
}

// health returns how the sink fares.
func (q *queue) health(now time.Time) probe.SinkHealth {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := probe.SinkHealth{Name: q.sink.Name(), Waiting: len(q.batches) + q.inHand + len(q.journal), Dropped: q.dropped}
	if own, ok := q.sink.(outlet); ok {
		said := own.Health()
		h.FailingSince, h.Error = said.FailingSince, said.Error
		h.Waiting, h.Dropped = h.Waiting+said.Waiting, h.Dropped+said.Dropped
	}
	if !q.well(now) {
		h.FailingSince, h.Error = q.failing.UTC(), q.cause
	}
	return h
}

// outlet is a sink that sends in its own time what Write gave it, and knows best
// how that goes.
type outlet interface {
	Health() probe.SinkHealth
}

// Sinks returns how each sink fares, in their order.
func (m *Monitor) Sinks() []probe.SinkHealth {
	now := time.Now()
	list := make([]probe.SinkHealth, 0, len(m.fan.queues))
	for _, q := range m.fan.queues {
		list = append(list, q.health(now))
	}
	return list
}
