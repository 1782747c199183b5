package configs

import (
	"fmt"
	"slices"
	"time"
)

// Maintenance is a planned time in which checks go on, and notifications and
// alarms are muted.
type Maintenance struct {
	From    time.Time `yaml:"from" required:"true"`
	To      time.Time `yaml:"to" required:"true"`
	Streams []string  `yaml:"streams"` // absent is every stream
	Reason  string    `yaml:"reason"`
}

// maintenance checks the times, and that the streams exist.
func (d *decoder) maintenance(e *Event) {
	for i, m := range e.Maintenance {
		path := index("maintenance", i)
		d.require(path+".to", m.From.IsZero() || m.To.IsZero() || m.To.After(m.From), "must be after from",
			"times with a zone, such as 2026-11-28T20:00:00Z")
		d.someStreams(path+".streams", m.Streams, e.Streams)
		d.require(path+".reason", len(m.Reason) <= maxReason, fmt.Sprintf("must have at most %d bytes", maxReason), "")
	}
}

// maxReason is how much is shown of a reason, in bytes.
const maxReason = 500

// someStreams checks a choice of the event's streams, where nothing is all.
func (d *decoder) someStreams(path string, names []string, streams []Stream) {
	var known []string
	for i := range streams {
		known = append(known, streams[i].Name)
	}
	if at := d.at[path]; at != nil && !null(at) && len(names) == 0 {
		d.fail(path, "must not be empty", "leave it out for every stream")
	}
	for i, name := range names {
		if at := index(path, i); !slices.Contains(known, name) {
			d.fail(at, fmt.Sprintf("names %q, which is no stream of this event", name), DidYouMean(name, known))
		} else if slices.Index(names, name) < i {
			d.fail(at, fmt.Sprintf("names %q again", name), "")
		}
	}
}
