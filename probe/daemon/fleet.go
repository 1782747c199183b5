package daemon

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fleet"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sink/store"
)

// A hub is a daemon whose streams are polled by agents. What differs is here:
// the incidents come from the fleet's book, the store acknowledges what agents
// sent, and agents are notified when the event changes.

// resume returns the incidents that are open, by the fleet's book. The store gets
// those that it does not have yet, because another hub led meanwhile.
func resume(ctx context.Context, hub *fleet.Hub, s *store.Store) ([]probe.Incident, error) {
	if hub == nil {
		open, err := s.OpenIncidents(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the open incidents: %w", err)
		}
		return open, nil
	}
	own, err := s.Incidents(ctx, probe.IncidentFilter{})
	if err != nil {
		return nil, fmt.Errorf("reading the incidents: %w", err)
	}
	book, err := hub.Incidents(ctx)
	if err != nil {
		return nil, err
	}
	lacks, open := fleet.Reconcile(book, own)
	for _, in := range lacks {
		if err := s.Write(ctx, probe.Batch{At: in.Opened, Event: in.Event, Incidents: []probe.Incident{in}}); err != nil {
			return nil, fmt.Errorf("taking up the incidents of the hub before: %w", err)
		}
	}
	return open, nil
}

// lead makes the monitor one whose streams agents poll, and tells them of the
// event. It returns the store's sink.
func (d *Daemon) lead(ctx context.Context, o *monitor.Options, stored probe.Sink) (probe.Sink, error) {
	hub := d.o.Hub
	if hub == nil {
		return stored, nil
	}
	setup, err := fleet.Setup(o)
	if err == nil {
		err = hub.Publish(ctx, setup)
	}
	if err != nil {
		return nil, err
	}
	d.leading = hub.Attach(o)
	return d.leading.Store(stored, d.store.Flush), nil
}

// tellAgents tells them how the event is now.
func (d *Daemon) tellAgents(o *monitor.Options, e *configs.Event) {
	if d.o.Hub == nil {
		return
	}
	setup, err := fleet.Setup(o)
	if err == nil {
		err = d.o.Hub.Update(context.Background(), setup, configs.Fingerprint(e))
	}
	if err != nil {
		d.log.Error("agents were not told of the change", zap.Error(err))
	}
}
