package provision

import (
	"context"
	"time"
)

// Distribution is what stands in front of an origin.
type Distribution struct {
	EdgeURL string            // scheme and host that viewers use, without a slash at the end
	Fresh   bool              // created just now: its name may not resolve everywhere yet
	Outputs map[string]string // of the stack; nil where there is none
}

// Provider brings a distribution into being, or finds it. Provision may be
// called again after an error or a restart: it continues, and never doubles.
type Provider interface {
	Provision(ctx context.Context, p Progress) (Distribution, error)
}

// Progress is called with each event of an operation, in order and from the
// goroutine that runs the operation. A nil Progress shows nothing.
type Progress func(Event)

// show passes e on to whoever watches.
func (p Progress) show(e Event) {
	if p != nil {
		p(e)
	}
}

// Event is one thing that happened to one resource while an operation ran. Its
// texts hold no secret.
type Event struct {
	At       time.Time
	Elapsed  time.Duration // since this resource's operation began
	Resource string        // logical id in the template, or the stack's name
	Physical string        // id of the real thing; may be empty
	Type     string        // "AWS::CloudFront::Distribution"
	Status   string        // "CREATE_IN_PROGRESS"
	Reason   string        // why; mostly empty when all is well
}
