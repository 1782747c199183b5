package daemon

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/record"
	"github.com/streamwatch/streamwatch/probe/web"
)

// recordings is the folder of what was served around incidents, below that of the
// event.
const recordings = "recordings"

// recordInto has what the monitor judges recorded below the event's folder, unless
// the event wants none of it.
func (d *Daemon) recordInto(o *monitor.Options) (err error) {
	kept := &d.event.Load().Monitor.Recordings
	if kept.Off || d.o.Hub != nil { // a hub sees no observation
		return nil
	}
	options := record.Options{
		Folder: filepath.Join(d.folder, recordings), Limits: recordingLimits(kept),
		Checks:  eventfile.Overrides(d.event.Load()),
		Secrets: o.Secrets, Log: d.log,
		Streams: streamNames(d.event.Load()), Open: o.Resume,
		Header: record.Header{
			WrittenBy: "streamwatch " + d.o.Version, Event: o.Event, Edge: o.Edge, Origin: o.Origin,
			Starts: o.Starts, Ends: o.Ends,
			Edges: d.event.Load().EdgeNames(), Personalised: o.PersonalisedEdges(),
		},
	}
	if o.Grace > 0 {
		options.Header.Grace = time.Now().Add(o.Grace)
	}
	if d.record, err = record.New(options); err != nil {
		return probe.WithHint(fmt.Errorf("keeping recordings: %w", err), "monitor.recordings: off keeps none")
	}
	o.Record, o.Sinks = d.record, append(o.Sinks, d.record)
	return nil
}

// shelf is where the page takes recordings from; nil where none are kept.
func (d *Daemon) shelf() web.Recordings {
	if d.record == nil {
		return nil
	}
	return d.record
}

// recorded tells whether an incident has a recording; nil where none are kept.
func (d *Daemon) recorded() func(id string) bool {
	if d.record == nil {
		return nil
	}
	return d.record.Has
}

func recordingLimits(r *configs.Recordings) record.Limits {
	return record.Limits{Incident: int64(r.Incident), Keep: int64(r.Keep), Count: r.Count, Age: r.Age}
}

func streamNames(e *configs.Event) []string {
	names := make([]string, len(e.Streams))
	for i := range e.Streams {
		names[i] = e.Streams[i].Name
	}
	return names
}
