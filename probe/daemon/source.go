package daemon

import (
	"context"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/beacon"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// lateSource is the monitor, for what is made before it, with what only the
// process knows: what viewers say, how the sinks fare, where the page is.
type lateSource struct {
	m      *monitor.Monitor
	links  links
	event  func() *configs.Event // as it is now
	beacon *beacon.Receiver      // nil where nobody asks viewers
	out    *outlets
}

// Snapshot returns the monitor's, and more. Each is made when it is asked for,
// so this one is ours to add to.
func (l *lateSource) Snapshot() *probe.Snapshot {
	snap := l.m.Snapshot()
	snap.Sinks, snap.Incidents = l.sinks(), l.links.fill(snap.Incidents)
	from := l.event().Sources()
	for i := range snap.Streams {
		s := &snap.Streams[i]
		s.Source = from[s.Name]
		if l.beacon != nil {
			s.Viewers = l.beacon.Viewers(s.Name, snap.At)
		}
	}
	return snap
}

// Open returns the open incidents, with the addresses where each is shown.
func (l *lateSource) Open() []probe.Incident { return l.links.fill(l.m.Open()) }

// Act and Silences are the monitor's.
func (l *lateSource) Act(ctx context.Context, a probe.Action) (probe.Action, error) {
	return l.m.Act(ctx, a)
}

// Silences returns what /api/v1/silences lists.
func (l *lateSource) Silences() []probe.Silence { return l.m.Silences() }

func (l *lateSource) silences() []probe.Silence { return l.m.Silences() }

func (l *lateSource) ready() bool { return l.m.Ready() }

// sinks are those of the monitor, with each receiver of notifications by itself.
func (l *lateSource) sinks() (list []probe.SinkHealth) {
	for _, h := range l.m.Sinks() {
		if h.Name == l.out.receivers.Name() {
			list = append(list, l.out.receivers.health(h)...)
			continue
		}
		list = append(list, h)
	}
	return list
}

// newBeacon makes what takes viewers' reports.
func (d *Daemon) newBeacon(to *lateSource) *beacon.Receiver {
	e := d.event.Load()
	o := beacon.Options{Event: e.Event, Streams: e.StreamNames(), Emit: func(b probe.Batch) { to.m.Send(b) }, Log: d.log}
	if e.Player.Beacon == "" && d.o.Faults == nil {
		d.log.Warn("only the previews report to the monitor",
			zap.String("hint", "set player.beacon to the public address of "+beacon.Path))
	}
	return beacon.New(o)
}
