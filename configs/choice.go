package configs

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/configs/rule"
)

const noStream = "names %q, which is no stream of this event"

// someStreams checks a choice of the event's streams, where nothing is all.
// Streams of other files are not known yet: see Dangling.
func (d *decoder) someStreams(path string, names []string, e *Event) {
	known := e.StreamNames()
	for _, file := range e.keptFiles() {
		known = append(known, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	if at := d.at[path]; at != nil && !null(at) && len(names) == 0 {
		d.fail(path, "must not be empty", "leave it out for every stream")
	}
	for i, name := range names {
		if at := index(path, i); !slices.Contains(known, name) && e.StreamsFrom == "" {
			d.fail(at, fmt.Sprintf(noStream, name), rule.DidYouMean(name, known))
		} else if slices.Index(names, name) < i {
			d.fail(at, fmt.Sprintf("names %q again", name), "")
		}
	}
}

// choice is a place where an event names some of its streams.
type choice struct {
	path  string
	names []string
}

func (e *Event) choices() (list []choice) {
	add := func(path string, i int, names []string) {
		list = append(list, choice{index(path, i) + ".streams", names})
	}
	for i := range e.Maintenance {
		add("maintenance", i, e.Maintenance[i].Streams)
	}
	for i := range e.Notify.Webhooks {
		add("notify.webhooks", i, e.Notify.Webhooks[i].Streams)
	}
	for i := range e.Notify.PagerDuty {
		add("notify.pagerduty", i, e.Notify.PagerDuty[i].Streams)
	}
	for i := range e.Notify.Opsgenie {
		add("notify.opsgenie", i, e.Notify.Opsgenie[i].Streams)
	}
	for i := range e.Notify.Email {
		add("notify.email", i, e.Notify.Email[i].Streams)
	}
	return list
}

// Dangling returns what names a stream that the event, with all its streams, does
// not have. After Regather there is none: it is aside.
func (e *Event) Dangling() []Problem {
	if e.tolerant {
		return nil
	}
	return e.absent()
}

func (e *Event) absent() (found []Problem) {
	known := e.StreamNames()
	for _, c := range e.choices() {
		for i, name := range c.names {
			if !slices.Contains(known, name) {
				path := index(c.path, i)
				found = append(found, Problem{
					Path: path, Message: path + " " + fmt.Sprintf(noStream, name), Hint: rule.DidYouMean(name, known),
				})
			}
		}
	}
	return found
}
