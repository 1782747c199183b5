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
	before, err := d.past(ctx)
	if err != nil {
		return err
	}
	d.embeds = publish.New(e, edge, d.found.Signer, filepath.Join(d.folder, e.Player.Out), d.log)
	// The page is a sink of the monitor, and shows the monitor: the snapshot is
	// asked for once both exist.
	source := &lateSource{links: linksTo(d.listen, e.Monitor.PublicURL.Reveal()), event: d.event.Load}
	d.source = source
	o := d.monitorOptions(e, before)
	if err := d.recordInto(&o); err != nil {
		return err
	}
	source.links.recorded = d.recorded()
	d.metrics = prom.New(d.promOptions(e, before.open))
	o.Observe = d.metrics.Observe
	d.alarms = newShownAlarms(d.shownOptions(e), time.Now())
	w := d.pageOptions(e)
	if e.Monitor.Beacon {
		from := d.newBeacon(source)
		source.beacon, w.Beacon, o.Feeds = from, from, []func(context.Context){from.Run}
	}
	d.server = web.New(w)
	if d.out, err = d.outlets(ctx, before.open); err != nil {
		return err
	}
	stored, err := d.lead(ctx, &o, linkedSink{d.store, source.links})
	if err != nil {
		return err
	}
	o.Sinks = append(o.Sinks, stored, d.metrics, linkedSink{d.server, source.links}, d.alarms)
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
	d.leave(before.open)
	if d.out.alarms != nil {
		d.out.alarms.live, d.alarms.arming = d.isOn, d.out.alarms
	}
	return nil
}

// past is what an event that was watched before left behind.
type past struct {
	open    []probe.Incident
	actions []probe.Action
	journal func(context.Context, *probe.Action) error // takes the actions of people from now on
}

func (d *Daemon) past(ctx context.Context) (p past, err error) {
	if p.open, err = resume(ctx, d.o.Hub, d.store); err != nil {
		return past{}, err
	}
	if p.actions, err = d.store.Actions(ctx, time.Now().Add(-rememberActions)); err != nil {
		return past{}, err
	}
	p.journal = d.store.Act
	if hub := d.o.Hub; hub != nil {
		p.journal = hub.Journal(p.journal)
		if p.actions, err = hub.Actions(ctx, p.actions); err != nil {
			return past{}, err
		}
	}
	return p, nil
}

func (d *Daemon) monitorOptions(e *configs.Event, before past) monitor.Options {
	o := eventfile.MonitorOptions(e, d.found.EdgeURL, d.found.Signer)
	o.Resume, o.Log, o.Secrets, o.Edges = before.open, d.log, d.o.Secrets, d.found.Edges
	o.Actions, o.Journal, o.Maintenance = before.actions, before.journal, eventfile.Maintenance(e)
	if d.found.Fresh {
		o.Grace = e.Distribution.CloudFormation.PropagationGrace
	}
	return o
}

func (d *Daemon) promOptions(e *configs.Event, open []probe.Incident) prom.Options {
	o := prom.Options{
		Event: e.Event, Version: d.o.Version, Vantage: e.Monitor.Vantage, Open: open, Sinks: d.source.sinks,
		Silences: d.source.silences, Edges: len(e.Edges) > 0,
	}
	if d.o.Hub != nil {
		o.Vantage, o.Fleet = "", true // the samples say it
	}
	return o
}

func (d *Daemon) pageOptions(e *configs.Event) web.Options {
	o := web.Options{
		Source: d.source, Ready: d.source.ready, History: linkedHistory{d.store, d.source.links}, Sinks: d.source.sinks,
		Runbook: report.Runbook,
		Metrics: d.metrics.Handler(), Plots: plots(), Alarms: d.alarms.list, AlarmNotes: d.alarmNotes,
		Embeds: d.embeds.Preview, EmbedKinds: d.embeds.Kinds(), Faults: d.o.Faults, Log: d.log,
		Desk: d.source, Recordings: d.shelf(), Edges: e.EdgeNames(),
	}
	if d.o.Load != nil {
		o.Changes = d
	}
	if a := e.Monitor.Auth; a != nil {
		o.Auth = web.Auth{Username: a.Username, Password: a.Password.Reveal()}
	}
	return o
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
