package checks

import (
	"maps"

	"github.com/streamwatch/streamwatch/probe"
)

// Override changes a check for an event, or for one of its streams.
type Override struct {
	Off      bool
	Severity probe.Severity // replaces the severity of every finding; zero leaves it
	After    int            // findings that open an incident; zero leaves it
}

// Overrides are all that an event sets otherwise, by the ids of checks.
type Overrides struct {
	Event   map[string]Override
	Streams map[string]map[string]Override // by the names of those that have their own
}

// Of returns what is set for a stream.
func (o Overrides) Of(stream string) map[string]Override { return Over(o.Event, o.Streams[stream]) }

// Over lays what a stream sets of the checks over what its event sets. What the
// stream leaves out of a check stays: off and a severity are one setting, after is
// another.
func Over(event, stream map[string]Override) map[string]Override {
	if len(stream) == 0 {
		return event
	}
	all := make(map[string]Override, len(event)+len(stream))
	maps.Copy(all, event)
	for id, own := range stream {
		o := all[id]
		if own.Off || own.Severity != 0 {
			o.Off, o.Severity = own.Off, own.Severity
		}
		if own.After > 0 {
			o.After = own.After
		}
		all[id] = o
	}
	return all
}
