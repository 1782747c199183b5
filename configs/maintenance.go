package configs

import (
	"fmt"
	"time"
)

// Maintenance is a planned time in which checks go on, and notifications and
// alarms are muted.
type Maintenance struct {
	From    time.Time `yaml:"from" required:"true"` // when it begins
	To      time.Time `yaml:"to" required:"true"`   // when it is over
	Streams []string  `yaml:"streams"`              // absent is every stream
	Reason  string    `yaml:"reason"`               // shown beside what is muted; at most 500 bytes
}

// maintenance checks the times, and that the streams exist.
func (d *decoder) maintenance(e *Event) {
	for i, m := range e.Maintenance {
		path := index("maintenance", i)
		d.require(path+".to", m.From.IsZero() || m.To.IsZero() || m.To.After(m.From), "must be after from",
			"times with a zone, such as 2026-11-28T20:00:00Z")
		d.someStreams(path+".streams", m.Streams, e)
		d.require(path+".reason", len(m.Reason) <= maxReason, fmt.Sprintf("must have at most %d bytes", maxReason), "")
	}
}

// maxReason is how much is shown of a reason, in bytes.
const maxReason = 500
