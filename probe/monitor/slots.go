package monitor

import (
	"sync"
	"time"
)

const (
	slotLength = 50 * time.Millisecond // at most
	slotPolls  = 64                    // that begin in one, on average, at most: each must find a connection
	slotsFrom  = 100                   // polls a second: fewer begin each at its own moment
	slotsOver  = 5 * time.Second       // over which polls are counted
)

// slots are the moments at which polls begin where there are many. A process that
// wakes for thirty polls at once, with warm caches, spends 40 % less on each than one
// that wakes thirty times (make load).
type slots struct {
	mu     sync.Mutex
	began  time.Time
	since  time.Time // when counting began
	polls  int       // since then
	length time.Duration
}

// next returns the slot for a poll that is due at a moment, and how much later that
// slot is. The same of the poll before is taken off, or a pace that creeps by less
// than a slot would not creep at all.
func (s *slots) next(now, due time.Time, late time.Duration) (time.Time, time.Duration) {
	length := s.count(now)
	if length == 0 {
		return due, 0
	}
	exact := due.Sub(s.began) - late
	slot := (exact + length - 1).Truncate(length)
	return s.began.Add(slot), slot - exact
}

// count counts a poll, and returns the time between two slots; 0 is none.
func (s *slots) count(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.polls++
	if over := now.Sub(s.since); over >= slotsOver {
		each := over / time.Duration(s.polls)
		if s.length = min(slotPolls*each, slotLength); each > time.Second/slotsFrom {
			s.length = 0
		}
		s.since, s.polls = now, 0
	}
	return s.length
}
