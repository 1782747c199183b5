package probe

import (
	"context"
	"time"
)

// Batch is what one judged observation gave: its numbers and the incidents
// that it opened, changed or closed. It is immutable.
type Batch struct {
	At        time.Time
	Event     string
	Stream    string // "" for the event's own samples
	Samples   []Sample
	Incidents []Incident // each as it is after its change
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
