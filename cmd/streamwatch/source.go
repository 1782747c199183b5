package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/beacon"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// lateSource is the monitor, for what is made before it, with what only the
// process knows: what viewers say, how the sinks fare, where the page is.
type lateSource struct {
	m       *monitor.Monitor
	links   links
	viewers func(stream string, now time.Time) *probe.Viewers // nil where nobody asks them
}

// Snapshot returns the monitor's, and more. Each is made when it is asked for,
// so this one is ours to add to.
func (l *lateSource) Snapshot() *probe.Snapshot {
	snap := l.m.Snapshot()
	snap.Sinks, snap.Incidents = l.m.Sinks(), l.links.fill(snap.Incidents)
	if l.viewers != nil {
		for i := range snap.Streams {
			snap.Streams[i].Viewers = l.viewers(snap.Streams[i].Name, snap.At)
		}
	}
	return snap
}

// incidents are the open ones.
func (l *lateSource) incidents() []probe.Incident { return l.Snapshot().Incidents }

func (l *lateSource) ready() bool { return l.m.Ready() }

func (l *lateSource) sinks() []probe.SinkHealth { return l.m.Sinks() }

// Act and Silences are the monitor's.
func (l *lateSource) Act(ctx context.Context, a probe.Action) (probe.Action, error) {
	return l.m.Act(ctx, a)
}

// Silences returns what /api/v1/silences lists.
func (l *lateSource) Silences() []probe.Silence { return l.m.Silences() }

func (l *lateSource) silences() []probe.Silence { return l.m.Silences() }

// newBeacon makes what takes viewers' reports.
func (s *session) newBeacon(to *lateSource) *beacon.Receiver {
	o := beacon.Options{Event: s.event.Event, Emit: func(b probe.Batch) { to.m.Send(b) }, Log: s.log}
	for i := range s.event.Streams {
		o.Streams = append(o.Streams, s.event.Streams[i].Name)
	}
	if s.event.Player.Beacon == "" && s.faults == nil {
		s.log.Warn("only the previews report to the monitor", zap.String("mend", "set player.beacon to the public address of "+beacon.Path))
	}
	return beacon.New(o)
}
