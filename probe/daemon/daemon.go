// Package daemon is what run and demo keep running: an event from its loaded
// file to its report. It puts the monitor, the sinks, the page and the embeds
// together, starts and ends them in order, and changes the event while it is
// watched.
//
// The rule that keeps it simple: New takes what can be taken away (the folder,
// the address) and fails before anything runs, Run blocks and owns every
// goroutine, and an event file that was loaded never changes: a reload makes a
// new one, and what differs is applied.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/player/publish"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/fleet"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/record"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/sink/prom"
	"github.com/streamwatch/streamwatch/probe/sink/store"
	"github.com/streamwatch/streamwatch/probe/web"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// Options say what is watched and what the process gives to it.
type Options struct {
	Event   *configs.Event
	Version string // of streamwatch
	Log     *zap.Logger
	Secrets *fetch.Secrets                           // what no text may show
	Out     io.Writer                                // gets metrics in embedded format
	Say     func(what, value string)                 // tells people on the terminal where things are
	AWS     func() []func(*config.LoadOptions) error // options of every client of AWS

	// Load reads the event file again; nil is an event without one, which cannot
	// be changed. Check says what is wrong with an event that was changed
	// otherwise, as Load does by itself: its error is *configs.Problems.
	Load  func() (*configs.Event, error)
	Check func(*configs.Event) error
	Env   func(string) (string, bool) // for the files that streams_from names
	Hangs <-chan struct{}             // each asks for a reload: SIGHUP; nil is never

	Listen net.Listener  // taken already; nil takes monitor.listen
	Faults web.Faults    // only in the demo
	Period time.Duration // of the alarms that the page shows; zero is that of the metrics
	Limit  time.Duration // after which the run is over; zero is none
	Hub    *fleet.Hub    // that leads; nil polls the streams itself
}

// Daemon is one run of one event.
type Daemon struct {
	o      Options
	log    *zap.Logger
	folder string
	store  *store.Store
	listen net.Listener

	event    atomic.Pointer[configs.Event] // as it is now
	changing sync.Mutex                    // held by one change of the event at a time
	moved    chan struct{}                 // the event's end moved
	found    deploy.Found
	source   *lateSource
	monitor  *monitor.Monitor
	leading  *fleet.Leading // nil polls the streams itself
	server   *web.Server
	metrics  *prom.Sink
	embeds   *publish.Embeds
	out      *outlets
	alarms   *shownAlarms
	record   *record.Recorder  // nil records nothing
	scores   *report.Scorecard // nil where the event has one edge
	emails   unconfirmed
	over     atomic.Bool // the time was up: a signal is no end of an event
}

// New takes the event's folder and the page's address. Close gives them back.
func New(ctx context.Context, o Options) (d *Daemon, err error) {
	d = &Daemon{o: o, log: o.Log, moved: make(chan struct{}, 1)}
	d.folder = filepath.Join(o.Event.Output, o.Event.Event)
	d.event.Store(o.Event)
	if d.store, err = store.Open(o.Event.Output, o.Event.Event, o.Log); err != nil {
		hint := "`output` must name a folder that can be written: " + o.Event.Output
		if errors.Is(err, store.ErrInUse) {
			hint = "stop it, or set another `output`"
		}
		return nil, probe.WithHint(fmt.Errorf("opening the history: %w", err), hint)
	}
	if d.listen, err = listener(ctx, o.Listen, o.Event.Monitor.Listen); err != nil {
		return nil, errors.Join(err, d.store.Close())
	}
	return d, nil
}

// Folder is where everything of the event is kept.
func (d *Daemon) Folder() string { return d.folder }

// Page is the address of the page, "" where there is none.
func (d *Daemon) Page() string {
	if d.listen == nil {
		return ""
	}
	return "http://" + d.listen.Addr().String() + "/"
}

// Over reports whether the run ended because its time was up, and not by a signal.
func (d *Daemon) Over() bool { return d.over.Load() }

// Close gives back what New took, after what is in memory was written.
func (d *Daemon) Close() error {
	if d.listen != nil {
		_ = d.listen.Close()
	}
	return d.store.Close()
}

// listener takes the address of the page.
func listener(ctx context.Context, taken net.Listener, address string) (net.Listener, error) {
	if taken != nil || address == "" {
		return taken, nil
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err == nil {
		return ln, nil
	}
	err = fmt.Errorf("opening the page: %w", err)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, probe.WithHint(err, "another process has "+address+": end it, or set monitor.listen to another port")
	}
	return nil, probe.WithHint(err, "monitor.listen is an address of this machine such as 127.0.0.1:8090")
}

// Run watches the event at the distribution that was found, until ctx is done or
// its time is up; then it flushes and writes the report.
func (d *Daemon) Run(ctx context.Context, found deploy.Found) error {
	d.found = found
	if err := d.wire(ctx); err != nil {
		return err
	}
	ctx, finish := context.WithCancel(ctx)
	defer finish()
	if err := runParts(ctx, d.log, d.parts(finish)); err != nil {
		return err
	}
	if d.leading != nil {
		d.leading.Finish()
	}
	err := d.report()
	d.out.close(d.Over())
	return err
}

// parts are what runs, in the order in which it is started. Each may rely on
// those before it until its own end: the monitor's last batches go to the sinks,
// and what they tell goes to the page.
func (d *Daemon) parts(finish func()) []part {
	var list []part
	if d.found.Serve != nil {
		list = append(list, part{name: "serving the local edge", run: d.found.Serve, vital: true})
	}
	if d.listen != nil {
		serve := func(ctx context.Context) error { return d.server.Run(ctx, d.listen) }
		list = append(list, part{name: "serving the page", run: serve, vital: true})
	}
	list = append(list, part{name: "evaluating alarms", run: d.alarms.Run, vital: true})
	list = append(list, d.out.parts()...)
	if d.record != nil {
		list = append(list, part{name: "keeping recordings", run: plainly(d.record.Run)})
	}
	list = append(list,
		part{name: "the service manager", run: d.tellManager},
		part{name: "the monitor", run: plainly(d.monitor.Run), limit: 15 * time.Second},
		part{name: "writing embeds", run: plainly(d.embeds.Run)},
		part{name: "asking for confirmed e-mails", run: plainly(d.watchEmails)},
		part{name: "reloading", run: plainly(d.watchForChanges)},
		part{name: "the time", run: plainly(func(ctx context.Context) {
			d.untilOver(ctx, func() {
				if d.concludes() {
					d.monitor.Finish(EventOver)
				}
				finish()
			})
		})},
	)
	return list
}

// plainly makes of what cannot fail what does not.
func plainly(run func(context.Context)) func(context.Context) error {
	return func(ctx context.Context) error {
		run(ctx)
		return nil
	}
}

// longestNap bounds how long the end of the event is not looked at: a clock that
// was set moves it.
const longestNap = 10 * time.Second

// untilOver calls finish when the time is up: at the event's end by the clock on
// the wall, and after the limit.
func (d *Daemon) untilOver(ctx context.Context, finish func()) {
	began := time.Now()
	for {
		nap := longestNap
		if d.o.Limit > 0 {
			nap = min(nap, d.o.Limit-time.Since(began))
		}
		if ends := d.event.Load().Ends; !ends.IsZero() {
			nap = min(nap, time.Until(ends))
		}
		if nap <= 0 {
			d.over.Store(true)
			finish()
			return
		}
		select {
		case <-time.After(nap):
		case <-d.moved:
		case <-ctx.Done():
			return
		}
	}
}
