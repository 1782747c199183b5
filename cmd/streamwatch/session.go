package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sink/prom"
	"github.com/streamwatch/streamwatch/probe/sink/store"
	"github.com/streamwatch/streamwatch/probe/web"
	"github.com/streamwatch/streamwatch/provision"
)

// session is one run of one event: from its file to its report. run and demo
// differ only in where the event comes from and in the faults of the demo.
type session struct {
	c      *cli
	event  *configs.Event
	log    *zap.Logger
	faults web.Faults    // only in the demo
	board  *sim.Board    // only in the demo: the edge shows its faults too
	listen net.Listener  // taken already; nil takes monitor.listen
	period time.Duration // of the alarms that the page shows; zero is that of the metrics
	limit  time.Duration // after which the run is over, from the first look on; zero is none
	update bool          // bring a stack that exists to the event file

	key     []byte // that requests to the edge are signed with; nil signs none
	store   *store.Store
	edge    *provision.Local // nil unless the distribution is local
	dist    provision.Distribution
	alarmed provision.Distribution // the stack of alarms alone; empty where there is none
	over    bool                   // the time was up: a signal is no end of an event
	emails  unconfirmed
	monitor *monitor.Monitor
	server  *web.Server
	embeds  *embeds
	out     *outlets
	alarms  *shownAlarms
}

// failure is one of ours, with its mend.
type failure struct {
	err  error
	mend string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// Hint says how to mend it.
func (f *failure) Hint() string { return f.mend }

// run watches until ctx is done, then flushes and writes the report. What can
// fail fails before anything is started.
func (s *session) run(ctx context.Context) (err error) {
	folder := filepath.Join(s.event.Output, s.event.Event)
	if s.store, err = store.Open(s.event.Output, s.event.Event, s.log); err != nil {
		return &failure{fmt.Errorf("opening the history: %w", err), "`output` must name a folder that can be written: " + s.event.Output}
	}
	defer func() { err = errors.Join(err, s.store.Close()) }()
	if s.listen, err = s.listener(ctx); err != nil {
		return err
	}
	if s.listen != nil {
		defer s.listen.Close()
	}
	if s.key, err = s.c.privateKey(ctx, s.event); err != nil {
		return err
	}
	if err := s.bringUp(ctx, folder); err != nil {
		return err
	}
	if err := s.wire(ctx, folder); err != nil {
		return err
	}
	s.announce(folder)
	ctx, stop := until(ctx, s.limit, s.event.Ends)
	defer stop()
	if err := s.watch(ctx); err != nil {
		return err
	}
	s.over = errors.Is(context.Cause(ctx), errOver)
	err = s.report(folder)
	s.out.close(s.over)
	return err
}

// cleanUp deletes the stack where the event says so, once the time of the run is
// up. A signal keeps it: it may mean a restart, in the middle of an event.
func (s *session) cleanUp(ctx context.Context) error {
	c := s.event.Distribution.CloudFormation
	if c == nil || !c.DeleteWhenDone {
		return nil
	}
	if !s.over {
		s.c.say("kept", "stack "+c.StackName+", since a signal ended the run; streamwatch delete deletes it")
		return nil
	}
	provider, err := s.provider(ctx)
	if err != nil {
		return err
	}
	stack, _ := provider.(*provision.Stack)
	show, end := s.c.progress("text")
	err = stack.Delete(ctx, show)
	end()
	if errors.Is(err, provision.ErrAbsent) {
		return nil
	}
	return resumable(ctx, err, "streamwatch delete")
}

// provider returns what brings the event's distribution into being.
func (s *session) provider(ctx context.Context) (provision.Provider, error) {
	switch d := &s.event.Distribution; {
	case d.Existing != nil:
		return provision.Existing{URL: d.Existing.URL.Reveal()}, nil
	case d.Local != nil:
		origin, err := url.Parse(s.event.Origin.URL.Reveal())
		if err != nil {
			return nil, errors.New("reading origin.url")
		}
		headers := http.Header{}
		for name, value := range s.event.Origin.Headers {
			headers.Set(name, value.Reveal())
		}
		s.edge = provision.NewLocal(d.Local.Listen, sim.NewEdge(sim.EdgeConfig{Origin: origin, Headers: headers, Faults: s.board}))
		return s.edge, nil
	default:
		return s.stack(ctx, distributionSpec)
	}
}

// listener takes the address of the page.
func (s *session) listener(ctx context.Context) (net.Listener, error) {
	address := s.event.Monitor.Listen
	if s.listen != nil || address == "" {
		return s.listen, nil
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err == nil {
		return ln, nil
	}
	err = fmt.Errorf("opening the page: %w", err)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &failure{err, "another process has " + address + ": end it, or set monitor.listen to another port"}
	}
	return nil, &failure{err, "monitor.listen is an address of this machine such as 127.0.0.1:8090"}
}

// wire puts the parts together. Nothing runs yet.
func (s *session) wire(ctx context.Context, folder string) error {
	open, err := s.store.OpenIncidents(ctx)
	if err != nil {
		return fmt.Errorf("reading the open incidents: %w", err)
	}
	actions, err := s.store.Actions(ctx, time.Now().Add(-rememberActions))
	if err != nil {
		return err
	}
	signer, err := newSigner(s.event, s.dist, s.key)
	if err != nil {
		return err
	}
	s.embeds = &embeds{event: s.event, edge: s.dist.EdgeURL, sign: signer, dir: filepath.Join(folder, s.event.Player.Out), log: s.log}
	// The page is a sink of the monitor, and shows the monitor: the snapshot is
	// asked for once both exist.
	source := &lateSource{links: linksTo(s.listen)}
	metrics := prom.New(prom.Options{
		Event: s.event.Event, Version: ownVersion(), Vantage: s.event.Monitor.Vantage, Open: open, Sinks: source.sinks,
		Silences: source.silences,
	})
	o := monitorOptions(s.event, s.dist.EdgeURL, signer)
	o.Resume, o.Log, o.Secrets = open, s.log, s.c.known()
	o.Actions, o.Journal, o.Maintenance = actions, s.store.Act, maintenance(s.event)
	if s.dist.Fresh {
		o.Grace = s.event.Distribution.CloudFormation.PropagationGrace
	}
	shown := dashboardOptions(s.event)
	shown.Period = cmp.Or(s.period, shown.Period)
	s.alarms = newShownAlarms(shown, time.Now())
	w := web.Options{
		Source: source, Ready: source.ready, History: linkedHistory{s.store, source.links}, Sinks: source.sinks, Runbook: runbook,
		Metrics: metrics.Handler(), Plots: plots(), Alarms: s.alarms.list, AlarmNotes: s.alarmNotes,
		Embeds: s.embeds.preview, EmbedKinds: s.embeds.kinds(), Faults: s.faults, Log: s.log,
		Desk: source,
	}
	if a := s.event.Monitor.Auth; a != nil {
		w.Auth = web.Auth{Username: a.Username, Password: a.Password.Reveal()}
	}
	if s.event.Monitor.Beacon {
		from := s.newBeacon(source)
		source.viewers, w.Beacon, o.Feeds = from.Viewers, from, []func(context.Context){from.Run}
	}
	s.server = web.New(w)
	o.Observe = metrics.Observe
	if s.out, err = s.outlets(ctx, open); err != nil {
		return err
	}
	o.Sinks = []probe.Sink{linkedSink{s.store, source.links}, metrics, linkedSink{s.server, source.links}, s.alarms}
	o.Sinks = append(o.Sinks, s.out.sinks(source.links)...)
	s.monitor = monitor.New(o)
	source.m = s.monitor
	if s.out.alarms != nil {
		s.out.alarms.live, s.alarms.arming = whileOn(s.event.Starts, source), s.out.alarms
	}
	return nil
}

// announce says where everything is.
func (s *session) announce(folder string) {
	fmt.Fprintf(s.c.stdout, "watching %s\n", s.event.Event)
	if s.listen != nil {
		s.c.say("page", "http://"+s.listen.Addr().String()+"/")
	}
	s.c.say("edge", s.dist.EdgeURL)
	s.c.say("origin", s.event.Origin.URL.String())
	s.c.say("embeds", filepath.Join(folder, s.event.Player.Out))
}

// watch runs all parts until ctx is done or one of them fails. The monitor ends
// first, because its last batches go to the others.
func (s *session) watch(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var parts sync.WaitGroup
	serve := func(what string, run func(context.Context) error) {
		parts.Go(func() {
			if err := run(serving); err != nil {
				stop(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	if s.edge != nil {
		serve("serving the local edge", s.edge.Run)
	}
	if s.listen != nil {
		serve("serving the page", func(ctx context.Context) error { return s.server.Run(ctx, s.listen) })
	}
	serve("evaluating alarms", s.alarms.Run)
	parts.Go(func() { s.watchEmails(ctx) })
	for _, send := range s.out.parts() {
		parts.Go(func() { send(serving) })
	}
	parts.Go(func() { s.embeds.run(ctx) })
	s.monitor.Run(ctx)
	end()
	parts.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errOver) {
		return err
	}
	return nil
}

// report writes report.html and report.json beside the history. It has its own
// time: the context of the run is over by now.
func (s *session) report(folder string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.store.Flush(ctx); err != nil {
		return fmt.Errorf("flushing the history: %w", err)
	}
	snapshot := s.monitor.Snapshot()
	incidents, err := s.store.Incidents(ctx, probe.IncidentFilter{Since: snapshot.Started})
	if err != nil {
		return fmt.Errorf("reading the incidents: %w", err)
	}
	actions, err := s.store.Actions(ctx, snapshot.Started)
	if err != nil {
		return err
	}
	now := time.Now()
	records, err := report.Read(ctx, s.store, snapshot.Started, now)
	if err != nil {
		return err
	}
	r := &report.Run{
		Version: ownVersion(), Event: s.event.Event, From: snapshot.Started, Until: now, Snapshot: snapshot, Records: records, Incidents: incidents,
		Silences: slices.Concat(maintenance(s.event), s.monitor.Silences()), Actions: actions,
	}
	var page, data strings.Builder
	if err := errors.Join(r.HTML(&page), r.JSON(&data)); err != nil {
		return err
	}
	for name, text := range map[string]string{"report.html": page.String(), "report.json": data.String()} {
		if err := replace(filepath.Join(folder, name), text); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	s.c.say("report", filepath.Join(folder, "report.html"))
	return nil
}

// replace writes a file that appears whole or not at all.
func replace(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
