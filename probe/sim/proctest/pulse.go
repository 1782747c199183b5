package proctest

import (
	"os"
	"sync"
	"testing"
	"time"
)

// Pulse tells how late the timers of the test process go off. A machine that has no
// time for us has none for the programs and servers of a test either, and then a
// monitor is right to find them slow.
type Pulse struct {
	mu    sync.Mutex
	beats []pulseBeat
}

// pulseBeat is a timer that went off, and by how much after its time.
type pulseBeat struct {
	at   time.Time
	late time.Duration
}

const (
	beat = 50 * time.Millisecond
	// On a machine that has time for us no timer is later than calmBeat, and all of
	// them together by no more than one part in calmShare of the time.
	calmBeat  = 400 * time.Millisecond
	calmShare = 12
)

// NewPulse returns one that beats until the test ends.
func NewPulse(t testing.TB) *Pulse {
	p, ctx := &Pulse{}, t.Context()
	go func() {
		for ctx.Err() == nil {
			began := time.Now()
			time.Sleep(beat)
			p.mu.Lock()
			p.beats = append(p.beats, pulseBeat{time.Now(), time.Since(began) - beat})
			p.mu.Unlock()
		}
	}()
	return p
}

// Late is the most by which a timer was late since a moment, and the share of the
// time that all were late together.
func (p *Pulse) Late(since time.Time) (most time.Duration, share float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum, all time.Duration
	for _, b := range p.beats {
		if b.at.After(since) {
			most, sum, all = max(most, b.late), sum+b.late, all+b.late+beat
		}
	}
	if all == 0 {
		return 0, 0
	}
	return most, float64(sum) / float64(all)
}

// Calm reports whether the machine had time for us since a moment. Where it had
// not, a test says what it does not judge, and goes on. Where CI=true everything is
// judged: that machine has nothing else to do.
func (p *Pulse) Calm(since time.Time) bool {
	most, share := p.Late(since)
	return os.Getenv("CI") == "true" || most <= calmBeat && share*calmShare <= 1
}

// Excuse reports whether something that is wrong says nothing, since the machine
// has not been calm, and logs it then.
func (p *Pulse) Excuse(t testing.TB, since time.Time, wrong string) bool {
	t.Helper()
	if p.Calm(since) {
		return false
	}
	most, share := p.Late(since)
	t.Logf("not judged, timers of this machine were %s late, %.0f %% on average: %s", most, 100*share, wrong)
	return true
}
