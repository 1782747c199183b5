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
