package daemon

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/sink/store"
)

// report writes report.html and report.json beside the history. It has its own
// time: the context of the run is over by now.
func (d *Daemon) report() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := d.store.Flush(ctx); err != nil {
		return fmt.Errorf("flushing the history: %w", err)
	}
	snapshot := d.monitor.Snapshot()
	incidents, err := d.store.Incidents(ctx, probe.IncidentFilter{Since: snapshot.Started})
	if err != nil {
		return fmt.Errorf("reading the incidents: %w", err)
	}
	actions, err := d.store.Actions(ctx, snapshot.Started)
	if err != nil {
		return err
	}
	now := time.Now()
	records, err := report.Read(ctx, d.store, snapshot.Started, now)
	if err != nil {
		return err
	}
	event := d.event.Load()
	for i := range incidents {
		incidents[i].Recording = links{recorded: d.recorded()}.recording(&incidents[i]) // beside the report
	}
	r := &report.Run{
		Version: d.o.Version, Event: event.Event, From: snapshot.Started, Until: now, Snapshot: snapshot, Records: records,
		Incidents: incidents,
		Silences:  slices.Concat(eventfile.Maintenance(event), d.monitor.Silences()), Actions: actions,
	}
	if d.scores != nil {
		r.Edges = d.scores.Scores()
	}
	var page, data strings.Builder
	if err := errors.Join(r.HTML(&page), r.JSON(&data)); err != nil {
		return err
	}
	for name, text := range map[string]string{"report.html": page.String(), "report.json": data.String()} {
		if err := probe.WriteFile(filepath.Join(d.folder, name), text); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	d.o.Say("report", filepath.Join(d.folder, "report.html"))
	return nil
}

// Past reports on what was recorded of an event from a time on until another one;
// zero is where the history begins and ends. A run that is running goes on
// undisturbed.
func Past(ctx context.Context, e *configs.Event, version string, from, until time.Time) (r *report.Run, err error) {
	history, err := store.Read(ctx, e.Output, e.Event)
	if errors.Is(err, store.ErrNoHistory) {
		const hint = "streamwatch run writes it; `output` counts from the folder in which it was started"
		return nil, probe.WithHint(err, hint)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, history.Close()) }()
	r = &report.Run{Version: version, Event: e.Event, From: from, Until: until, Silences: eventfile.Maintenance(e)}
	return r, r.Fill(ctx, history, time.Now())
}
