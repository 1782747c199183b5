package monitor

import (
	"context"
	"math"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/streamwatch/streamwatch/probe/incident"
)

// strain tells when this process itself does not get to run: what it times then
// may be its own doing. Nobody is blamed for what a strained monitor saw, and
// what it found since the strain began is taken back.
type strain struct {
	delay func() time.Duration          // how long goroutines waited to run since the last call; nil is not measured
	tell  func(b incident.Busy)         // called when the process is found strained
	last  atomic.Pointer[time.Time]     // newest tick, by the monotonic clock; nil before the first
	busy  atomic.Pointer[incident.Busy] // the newest strain; nil is none
}

const (
	strainTick  = 100 * time.Millisecond
	strainLimit = 250 * time.Millisecond // by which a timer may go off late
	strainDelay = 150 * time.Millisecond // for which one goroutine in ten may wait to run
	strainHold  = 3 * time.Second        // requests under way may have suffered for so long
)

// watch looks for late ticks until ctx is done.
func (s *strain) watch(ctx context.Context) {
	timer := time.NewTimer(strainTick)
	defer timer.Stop()
	s.last.Store(new(time.Now()))
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		s.strained() // tells by itself when this tick is late
		s.last.Store(new(time.Now()))
		if s.delay != nil && s.delay() > strainDelay {
			s.found(time.Now().Add(-strainTick))
		}
		timer.Reset(strainTick)
	}
}

// strained reports whether the process is strained now. A tick that is overdue
// proves it before the goroutine that counts them gets to run.
func (s *strain) strained() bool {
	now := time.Now()
	if last := s.last.Load(); last != nil && now.Sub(*last) > strainTick+strainLimit {
		s.found(*last)
		return true
	}
	b := s.busy.Load()
	return b != nil && now.Before(b.Until)
}

// late takes in that something which was due at a time happened only now.
func (s *strain) late(due time.Time) {
	if time.Since(due) > strainLimit {
		s.found(due)
	}
}

// found notes that the process has been strained since a moment.
func (s *strain) found(from time.Time) {
	b := &incident.Busy{From: from, Until: time.Now().Add(strainHold)}
	if was := s.busy.Load(); was != nil && !from.After(was.Until) {
		b.From = was.From
	}
	s.busy.Store(b)
	s.tell(*b)
}

// since is when the newest strain began; zero is never.
func (s *strain) since() time.Time {
	if b := s.busy.Load(); b != nil {
		return b.From
	}
	return time.Time{}
}

// SchedulingDelay returns a function for Options.Delay: how long, since its last
// call, nine in ten goroutines of this process waited at most before they ran.
func SchedulingDelay() func() time.Duration {
	sample := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	var before []uint64
	return func() time.Duration {
		metrics.Read(sample)
		if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
			return 0
		}
		h := sample[0].Value.Float64Histogram()
		counts := append([]uint64(nil), h.Counts...)
		defer func() { before = counts }()
		if len(before) != len(counts) {
			return 0
		}
		total, sum := uint64(0), uint64(0)
		for i := range counts {
			total += counts[i] - before[i]
		}
		for i := range counts {
			if sum += counts[i] - before[i]; total > 0 && sum*10 >= total*9 {
				return boundary(h.Buckets[i])
			}
		}
		return 0
	}
}

// boundary is a bound of a histogram's bucket, in seconds, as a duration.
func boundary(seconds float64) time.Duration {
	if math.IsInf(seconds, 0) {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
