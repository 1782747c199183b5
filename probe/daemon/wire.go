package daemon

import (
	"cmp"
	"context"
	"path/filepath"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/player/publish"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/sink/prom"
	"github.com/streamwatch/streamwatch/probe/web"
)

// wire puts the parts together. Nothing runs yet.
func (d *Daemon) wire(ctx context.Context) error {
	e, edge := d.event.Load(), d.found.EdgeURL
	open, err := resume(ctx, d.o.Hub, d.store)
	if err != nil {
		return err
	}
	actions, err := d.store.Actions(ctx, time.Now().Add(-rememberActions))
	if err != nil {
		return err
	}
	journal := d.store.Act
	if hub := d.o.Hub; hub != nil {
		journal = hub.Journal(journal)
		if actions, err = hub.Actions(ctx, actions); err != nil {
			return err
		}
	}
	d.embeds = publish.New(e, edge, d.found.Signer, filepath.Join(d.folder, e.Player.Out), d.log)
	// The page is a sink of the monitor, and shows the monitor: the snapshot is
	// asked for once both exist.
	source := &lateSource{links: linksTo(d.listen, e.Monitor.PublicURL.Reveal()), event: d.event.Load}
	d.source = source
	o := eventfile.MonitorOptions(e, edge, d.found.Signer)
	o.Resume, o.Log, o.Secrets, o.Edges = open, d.log, d.o.Secrets, d.found.Edges
	o.Actions, o.Journal, o.Maintenance = actions, journal, eventfile.Maintenance(e)
	if d.found.Fresh {
		o.Grace = e.Distribution.CloudFormation.PropagationGrace
	}
	if err := d.recordInto(&o); err != nil {
		return err
	}
	source.links.recorded = d.recorded()
	shown := prom.Options{
		Event: e.Event, Version: d.o.Version, Vantage: e.Monitor.Vantage, Open: open, Sinks: source.sinks,
		Silences: source.silences, Edges: len(e.Edges) > 0,
	}
	if d.o.Hub != nil {
		shown.Vantage, shown.Fleet = "", true // the samples say it
	}
	metrics := prom.New(shown)
	d.metrics = metrics
	d.alarms = newShownAlarms(d.shownOptions(e), time.Now())
	w := web.Options{
		Source: source, Ready: source.ready, History: linkedHistory{d.store, source.links}, Sinks: source.sinks,
		Runbook: report.Runbook,
		Metrics: metrics.Handler(), Plots: plots(), Alarms: d.alarms.list, AlarmNotes: d.alarmNotes,
		Embeds: d.embeds.Preview, EmbedKinds: d.embeds.Kinds(), Faults: d.o.Faults, Log: d.log,
		Desk: source, Recordings: d.shelf(), Edges: e.EdgeNames(),
	}
	if d.o.Load != nil {
		w.Changes = d
	}
	if a := e.Monitor.Auth; a != nil {
		w.Auth = web.Auth{Username: a.Username, Password: a.Password.Reveal()}
	}
	if e.Monitor.Beacon {
		from := d.newBeacon(source)
		source.beacon, w.Beacon, o.Feeds = from, from, []func(context.Context){from.Run}
	}
	d.server = web.New(w)
	o.Observe = metrics.Observe
	if d.out, err = d.outlets(ctx, open); err != nil {
		return err
	}
	stored, err := d.lead(ctx, &o, linkedSink{d.store, source.links})
	if err != nil {
		return err
	}
	o.Sinks = append(o.Sinks, stored, metrics, linkedSink{d.server, source.links}, d.alarms)
	o.Sinks = append(o.Sinks, d.out.sinks(source.links)...)
	if names := e.EdgeNames(); names != nil {
		d.scores = report.NewScorecard(names)
		o.Sinks = append(o.Sinks, d.scores)
	}
	d.monitor = monitor.New(o)
	if d.leading != nil {
		d.leading.Use(d.monitor)
	}
	source.m, source.out = d.monitor, d.out
	d.leave(open)
	if d.out.alarms != nil {
		d.out.alarms.live, d.alarms.arming = d.isOn, d.out.alarms
	}
	return nil
}

// shownOptions are those of the alarms that the page shows.
func (d *Daemon) shownOptions(e *configs.Event) dashboards.Options {
	o := eventfile.DashboardOptions(e)
	o.Period = cmp.Or(d.o.Period, o.Period)
	return o
}

// isOn reports whether the event is on: it has started by its own clock, its
// streams have not all ended, and not all of them are silenced.
func (d *Daemon) isOn() bool {
	snap := d.monitor.Snapshot()
	return !time.Now().Before(d.event.Load().Starts) && snap.Verdict != probe.Ended && !snap.Silenced()
}
