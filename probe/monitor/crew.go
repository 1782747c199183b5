package monitor

import "sync"

// idleMost is how many goroutines wait for work at most.
const idleMost = 64

// crew does the work of all loops, each piece in a goroutine. One that is done
// waits for the next piece, as a new one would grow its stack anew. Who waits for
// the shortest time is called first: so few are awake that the others' stacks shrink.
// The zero value has none.
type crew struct {
	mu    sync.Mutex
	idle  []chan work // of those that wait, the newest last
	over  bool
	group sync.WaitGroup
}

// work is a piece of work.
type work interface{ run() }

// do has a piece of work done, and does not wait for it.
func (c *crew) do(w work) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := len(c.idle) - 1; last >= 0 {
		c.idle[last] <- w
		c.idle = c.idle[:last]
		return
	}
	c.group.Go(func() { c.serve(w) })
}

// serve does one piece of work after the other until enough others wait for more.
func (c *crew) serve(w work) {
	next := make(chan work, 1)
	for w != nil {
		w.run()
		if !c.rest(next) {
			return
		}
		w = <-next
	}
}

// rest lists a goroutine among those that wait, and reports whether it may.
func (c *crew) rest(next chan work) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || len(c.idle) >= idleMost {
		return false
	}
	c.idle = append(c.idle, next)
	return true
}

// end sends everybody home, and waits for those who are at work.
func (c *crew) end() {
	c.mu.Lock()
	c.over = true
	for _, next := range c.idle {
		close(next)
	}
	c.idle = nil
	c.mu.Unlock()
	c.group.Wait()
}
