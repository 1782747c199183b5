package probe

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"
)

// Batch is what one judged observation gave: its numbers and the incidents
// that it opened, changed or closed; or what an action of a person changed. It
// is immutable.
type Batch struct {
	At        time.Time
	Event     string
	Stream    string // "" for the event's own samples
	Samples   []Sample
	Incidents []Incident // each as it is after its change
	Receipt   any        // of whom wants to know that the batch is stored; nil for nobody
	Actions   []Action   // what people did; the journal has it already
}

// Sink receives every batch, in order, from one goroutine. Queue and retry live
// once, in the fan-out that calls it. An error is one of the sink's own job.
type Sink interface {
	Name() string
	Write(ctx context.Context, b Batch) error
}

// SinkHealth says how a sink takes what it is given.
type SinkHealth struct {
	Name         string    `json:"name"`
	FailingSince time.Time `json:"failing_since"`   // zero while it works
	Error        string    `json:"error,omitempty"` // of its last failure, a few words without names or addresses
	Waiting      int       `json:"batches_waiting"` // given to it and not taken yet
	Dropped      uint64    `json:"batches_dropped"` // given up since the start
}

// OK reports whether the sink works.
func (h *SinkHealth) OK() bool { return h.FailingSince.IsZero() }

// Failing remembers since when something fails. The zero value works.
type Failing struct {
	mu    sync.Mutex
	since time.Time
	cause string
}

// Note takes the outcome of an attempt: why it failed, "" when it did not.
func (f *Failing) Note(cause string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cause = cause; cause == "" {
		f.since = time.Time{}
	} else if f.since.IsZero() {
		f.since = time.Now().UTC()
	}
}

// Tell returns since when it fails and why; zero and "" while it works.
func (f *Failing) Tell() (since time.Time, cause string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.since, f.cause
}

// Cause says in a few words why a sink failed. Paths, names and addresses stay
// out of it: /readyz shows it to everyone, and the log has the rest.
func Cause(err error) string {
	if err == nil {
		return ""
	}
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return no.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "took too long"
	}
	return "see the log"
}
