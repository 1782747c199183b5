package monitor

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

type errand func()

func (e errand) run() { e() }

// Every piece of work is done, whatever comes at once; few goroutines wait for
// more, and none outlives the crew.
func TestCrew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails where a goroutine is left
		const pieces = 1000
		var c crew
		var done sync.WaitGroup
		for range 3 {
			done.Add(pieces)
			for range pieces {
				c.do(errand(func() {
					defer done.Done()
					time.Sleep(time.Second)
				}))
			}
			done.Wait()
			synctest.Wait()
			if n := len(c.idle); n != idleMost {
				t.Errorf("%d wait for work, want %d", n, idleMost)
			}
		}
		c.do(errand(func() { time.Sleep(time.Minute) }))
		began := time.Now()
		if c.end(); time.Since(began) != time.Minute {
			t.Errorf("it ended after %s, want a minute: somebody was at work", time.Since(began))
		}
	})
}
