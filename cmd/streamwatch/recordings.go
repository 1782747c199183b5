package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/record"
)

// recordings is the folder of what was served around incidents, below that of the
// event.
const recordings = "recordings"

// recorder returns what keeps the event's recordings; nil where it wants none. o
// is what the monitor is told.
func (s *session) recorder(folder string, o *monitor.Options) (*record.Recorder, error) {
	kept := &s.event.Monitor.Recordings
	if kept.Off {
		return nil, nil
	}
	options := record.Options{
		Folder: filepath.Join(folder, recordings), Limits: recordingLimits(kept), Checks: o.Overrides, Secrets: o.Secrets, Log: s.log,
		Streams: streamNames(s.event),
		Header: record.Header{
			WrittenBy: "streamwatch " + ownVersion(), Event: o.Event, Edge: o.Edge, Origin: o.Origin, Starts: o.Starts, Ends: o.Ends,
			Personalised: o.Personalised,
		},
	}
	if o.Grace > 0 {
		options.Header.Grace = time.Now().Add(o.Grace)
	}
	r, err := record.New(options)
	if err != nil {
		return nil, &failure{fmt.Errorf("keeping recordings: %w", err), "monitor.recordings: off keeps none"}
	}
	return r, nil
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
