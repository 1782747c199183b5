package monitor

import (
	"context"
	"sync/atomic"
	"time"
)

// strain tells when this process itself does not get to run: a timer that goes
// off late says that a request which seemed slow may only have been seen late.
// What a strained monitor times is not judged.
type strain struct {
	until atomic.Int64 // unix nanoseconds
}

const (
	strainTick  = 100 * time.Millisecond
	strainLimit = 250 * time.Millisecond // by which a tick may be late
	strainHold  = 3 * time.Second        // requests under way may have suffered for so long
)

// watch looks for late ticks until ctx is done.
func (s *strain) watch(ctx context.Context) {
	timer := time.NewTimer(strainTick)
	defer timer.Stop()
	for {
		due := time.Now().Add(strainTick)
		timer.Reset(strainTick)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if now := time.Now(); now.Sub(due) > strainLimit {
			s.until.Store(now.Add(strainHold).UnixNano())
		}
	}
}

func (s *strain) strained() bool { return time.Now().UnixNano() < s.until.Load() }
