package fleet

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// clockTrust is by how much two clocks may seem to differ without differing:
	// the answer takes its way.
	clockTrust = 100 * time.Millisecond

	// clockTell is from when on a difference is said.
	clockTell = time.Second

	clockEvery = 10 * time.Second
)

// clock is what must be added to this machine's time to have the hub's. A
// difference too small to be sure of is none, so that times do not waver.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
	known  bool
}

// now is the time by the hub's clock.
func (c *clock) now() time.Time { return time.Now().Add(c.get()) }

// milli is now in Unix milliseconds.
func (c *clock) milli() uint64 { return uint64(c.now().UnixMilli()) }

func (c *clock) get() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// clockMessage is the hub's answer to who asks for its time.
type clockMessage struct {
	V   int       `json:"v"`
	Now time.Time `json:"now"`
}

// measure asks the hub for its time a few times and goes by the quickest answer.
// It reports whether the offset changed, and fails where no hub is active.
func (c *clock) measure(ctx context.Context, conn *nats.Conn, subject string) (changed bool, err error) {
	best, offset := time.Hour, time.Duration(0)
	for range 4 {
		asking, cancel := context.WithTimeout(ctx, time.Second)
		sent := time.Now()
		answer, err := conn.RequestWithContext(asking, subject, nil)
		took := time.Since(sent)
		cancel()
		if err != nil {
			return false, err
		}
		var m clockMessage
		if json.Unmarshal(answer.Data, &m) == nil && took < best {
			best, offset = took, m.Now.Sub(sent.Add(took/2))
		}
	}
	return c.set(offset), nil
}

func (c *clock) set(offset time.Duration) (changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if offset.Abs() < clockTrust {
		offset = 0
	}
	if c.known && (offset-c.offset).Abs() < clockTrust {
		return false
	}
	changed = c.offset != offset || !c.known
	c.offset, c.known = offset, true
	return changed
}

// answerClock tells whoever asks the hub's time.
func answerClock(conn *nats.Conn, subject string) (*nats.Subscription, error) {
	return conn.Subscribe(subject, func(m *nats.Msg) {
		text, err := json.Marshal(clockMessage{Protocol, time.Now()})
		if err == nil {
			_ = m.Respond(text) // who asked asks again
		}
	})
}
