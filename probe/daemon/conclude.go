package daemon

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
	"github.com/streamwatch/streamwatch/probe/sink/store"
)

// Why an incident closes whose fault nobody saw end. A process that ends is no
// reason: the next one takes up what is open.
const (
	EventOver    = "the event is over"
	StackDeleted = "the event's stack was deleted"
)

func removed(stream string) string { return "stream " + stream + " was removed from the event" }

// leave closes the incidents of streams that are not in the event any more since
// the process before.
func (d *Daemon) leave(open []probe.Incident) {
	there := d.event.Load().StreamNames()
	for i := range open {
		for _, name := range open[i].Streams {
			if !slices.Contains(there, name) {
				d.monitor.Remove(name, removed(name))
			}
		}
	}
}

// concludes reports whether the event is over now that the time of the run is
// up. A limit is its end only where the event states none, and nobody stands by.
func (d *Daemon) concludes() bool {
	e := d.event.Load()
	if c := e.Distribution.CloudFormation; c != nil && c.DeleteWhenDone {
		return true // which is next
	}
	if !e.Ends.IsZero() {
		return !e.Ends.After(time.Now())
	}
	return d.o.Hub == nil
}

// concludeLimit is for the last messages about an event that is over.
const concludeLimit = 30 * time.Second

// Conclude closes what the last process of an event left open, with a word that
// says why, and tells those who were told of it. Messages that could not be sent
// then are sent now. It makes nothing where nothing was kept, and leaves an event
// alone that another process watches. What goes wrong is logged.
func Conclude(ctx context.Context, e *configs.Event, why string, log *zap.Logger) {
	switch err := conclude(ctx, e, why, log); {
	case errors.Is(err, store.ErrInUse):
		log.Warn("a run of the event still goes on",
			zap.String("hint", "end it with SIGTERM, or it goes on reporting a stack that is gone"))
	case err != nil:
		log.Error("incidents may still be open where they were reported", zap.Error(err))
	}
}

func conclude(ctx context.Context, e *configs.Event, why string, log *zap.Logger) (err error) {
	folder := filepath.Join(e.Output, e.Event)
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	history, err := store.Open(e.Output, e.Event, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, history.Close()) }()
	open, err := history.OpenIncidents(ctx)
	if err != nil {
		return err
	}
	var told []*notify.Sink
	for _, r := range eventfile.Receivers(e) {
		told = append(told, notify.New(notify.Options{
			Receiver: r, Open: open, Folder: filepath.Join(folder, "notify"), Log: log,
		}))
	}
	now := time.Now()
	over := probe.Batch{At: now, Event: e.Event, Incidents: linked(e, open)}
	for i := range over.Incidents {
		in := &over.Incidents[i]
		in.State, in.Closed, in.ClosedBecause = probe.Closed, new(now.UTC()), why
		log.Info("incident closed", zap.String("id", in.ID), zap.String("closed_because", why))
	}
	if err := history.Write(ctx, over); err != nil {
		return err
	}
	for _, s := range told {
		_ = s.Write(ctx, over) // it only notes
	}
	sendRest(ctx, told)
	return nil
}

// sendRest lets receivers be told what waits for them, for a while.
func sendRest(ctx context.Context, told []*notify.Sink) {
	ctx, cancel := context.WithTimeout(ctx, concludeLimit)
	defer cancel()
	var group sync.WaitGroup
	for _, s := range told {
		if s.Health().Waiting == 0 {
			continue
		}
		own, done := context.WithCancel(ctx)
		group.Go(func() {
			defer done()
			look := time.NewTicker(50 * time.Millisecond)
			defer look.Stop()
			for s.Health().Waiting > 0 {
				select {
				case <-look.C:
				case <-own.Done():
					return
				}
			}
		})
		group.Go(func() { _ = s.Run(own) }) // it never fails
	}
	group.Wait()
}
