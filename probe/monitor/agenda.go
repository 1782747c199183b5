package monitor

import (
	"sync"
	"time"
)

// agenda is when a loop polls next. Its timer has the crew poll.
type agenda struct {
	mu      sync.Mutex
	timer   *time.Timer   // nil until the first poll is planned
	due     time.Time     // when the next poll was planned
	slotted time.Duration // by how much later than asked for
	busy    bool          // a poll is under way
	again   bool          // another one was asked for meanwhile
	begun   bool          // the first poll is done
	failing bool          // the newest poll failed
	stopped bool
	waiting []*loop // that begin then
}

// begin plans the first poll: after that of the multivariant playlist of the place,
// as every player asks for it first. It may set the cookie without which what it
// lists is refused.
func (l *loop) begin() {
	if entry := l.entry(); entry != nil && entry != l && !entry.precedes(l) {
		return
	}
	l.plan(l.firstDelay())
}

// precedes reports whether the first poll is done; until then it has another loop
// begin after it.
func (l *loop) precedes(other *loop) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.begun {
		l.waiting = append(l.waiting, other)
	}
	return l.begun
}

// plan plans a poll, or one at once where that was asked for.
func (l *loop) plan(wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set(wait)
}

// set is plan for who holds the lock.
func (l *loop) set(wait time.Duration) {
	if l.stopped {
		return
	}
	now := time.Now()
	if l.again {
		l.again = false
		l.due = now.Add(min(wait, l.rest()))
	} else {
		l.due, l.slotted = l.s.m.slots.next(now, now.Add(wait), l.slotted)
	}
	wait = l.due.Sub(now)
	if l.timer == nil {
		l.timer = time.AfterFunc(wait, l.start)
	} else {
		l.timer.Reset(wait)
	}
}

// rest keeps polls that others ask for apart: it is how long to wait until a while
// has gone since the newest one.
func (l *loop) rest() time.Duration { return max(0, l.pace.confirmAfter()-time.Since(l.pace.polled)) }

// nudge makes the loop poll at once, or right after the poll under way.
func (l *loop) nudge() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.again = true
	if !l.busy && l.timer != nil {
		l.set(max(0, time.Until(l.due)))
	}
}

// stop ends the loop. A poll under way is given up.
func (l *loop) stop() {
	l.mu.Lock()
	l.stopped = true
	l.fails(false)
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	l.ctx.over.Store(true)
}

// fails counts the loop among those that fail, or no longer. The caller holds the
// lock.
func (l *loop) fails(is bool) {
	is = is && !l.stopped
	switch {
	case is && !l.failing:
		l.s.m.failing.Add(1)
	case !is && l.failing:
		l.s.m.failing.Add(-1)
	}
	l.failing = is
}

// start has the crew poll.
func (l *loop) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy || l.stopped {
		return
	}
	l.busy = true
	l.s.group.Add(1)
	l.s.m.crew.do(l)
}

// run polls once and plans the next poll.
func (l *loop) run() {
	defer l.s.group.Done()
	l.mu.Lock()
	due := l.due
	l.mu.Unlock()
	l.s.m.strain.late(due)
	l.pace.crowd = time.Duration(l.s.m.failing.Load()) * failingApart
	wait := l.poll(&l.ctx)
	l.pace.polls++
	l.mu.Lock()
	l.fails(l.pace.failures > 0)
	l.busy, l.begun = false, true
	behind := l.waiting
	l.waiting = nil
	l.set(wait)
	l.mu.Unlock()
	for _, other := range behind {
		other.plan(other.firstDelay())
	}
}
