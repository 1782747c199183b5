package drill

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// The hosts of a simulated event.
const (
	originHost = "origin.test"
	edgeHost   = "edge.test"
	secondHost = "second.test"
)

// FirstEdge is the name of the first of several edges.
const FirstEdge = "first"

// Setup is a simulated event: an origin, an edge in front of it, and a monitor
// that watches both. The zero value is one healthy stream, "main". What New
// sets by itself is said with each field.
type Setup struct {
	Origin   sim.Config      // Faults is a new board; Start is an hour ago unless it is set
	Source   http.Handler    // in place of the simulated origin; nil is that
	Edge     edge.Config     // Origin and Transport are set
	Second   bool            // a second CDN with a board of its own, whose copies the ladder lists
	Edges    []string        // names of further edges that the event names; the first one is FirstEdge then
	Monitor  monitor.Options // Event, Origin, Edge, Streams and Transport are set; a sink is added
	EdgeOnly bool            // the monitor is not told of the origin

	// Through changes what lies between the monitor and its hosts; nil is nothing.
	Through   func(http.RoundTripper) http.RoundTripper
	Apart     bool // no two requests are answered at the same time, so that two runs in a synctest bubble are alike
	Twin      bool // compare each response with that of a twin that no fault disturbs
	Snapshots int  // taken of the monitor each second, as by pages that are open
	Keep      bool // let Seen keep every batch

	Record Recorder // is told what the monitor judges and what comes of it; nil is nobody
}

// Recorder keeps what is judged around incidents.
type Recorder interface {
	monitor.Recorder
	probe.Sink
}

// Watch is a simulated event under watch.
type Watch struct {
	Board   *sim.Board // faults of the origin and of the edge
	Second  *sim.Board // faults of the second CDN; nil without one
	Monitor *monitor.Monitor
	Seen    *Collector
	Start   time.Time // of the broadcast

	snapshots int
	twin      *twin      // nil without
	sound     *sim.Board // of the twin
	ended     context.Context
	end       context.CancelFunc
}

// New returns an event that nobody watches yet.
func New(s Setup) *Watch {
	w := &Watch{Board: sim.NewBoard(), Seen: &Collector{keep: s.Keep}, snapshots: s.Snapshots}
	w.ended, w.end = context.WithCancel(context.Background())
	if s.Origin.Start.IsZero() {
		s.Origin.Start = time.Now().Add(-time.Hour).Truncate(time.Second)
	}
	w.Start = s.Origin.Start
	if s.Second {
		s.Origin.Second, w.Second = "http://"+secondHost, sim.NewBoard()
	}
	var transport http.RoundTripper = w.hosts(s, w.Board, w.Second)
	if s.Twin {
		w.sound = sim.NewBoard()
		w.twin = &twin{real: transport, sound: w.hosts(s, w.sound, sim.NewBoard()), ended: w.ended}
		transport = w.twin
	}
	if s.Apart {
		transport = &apart{next: transport, asked: map[string]int{}}
	}
	if s.Through != nil {
		transport = s.Through(transport)
	}
	o := s.Monitor
	o.Event, o.Edge, o.Transport = cmp.Or(o.Event, "drill"), "http://"+edgeHost, transport
	for _, name := range s.Edges {
		o.EdgeName, o.Edges = FirstEdge, append(o.Edges, monitor.Edge{Name: name, URL: "http://" + name + ".test"})
	}
	if !s.EdgeOnly {
		o.Origin = "http://" + originHost
	}
	if len(o.Streams) == 0 {
		names := s.Origin.Streams
		if len(names) == 0 {
			names = []string{"main"}
		}
		for _, name := range names {
			o.Streams = append(o.Streams, monitor.Stream{Name: name, Manifest: "/" + name + "/playlist.m3u8"})
		}
	}
	o.Sinks = append(slices.Clone(o.Sinks), probe.Sink(w.Seen))
	if s.Record != nil {
		o.Sinks, o.Record = append(o.Sinks, s.Record), s.Record
	}
	w.Monitor = monitor.New(o)
	return w
}

// hosts builds an origin and its edges with faults from the boards.
func (w *Watch) hosts(s Setup, board, second *sim.Board) sim.Hosts {
	s.Origin.Faults = board
	hosts := sim.Hosts{originHost: s.Source}
	if s.Source == nil {
		hosts[originHost] = sim.NewOrigin(s.Origin)
	}
	cache := s.Edge
	cache.Origin = &url.URL{Scheme: "http", Host: originHost}
	cache.Transport = &untilEnd{sim.Hosts{originHost: hosts[originHost]}, w.ended}
	hosts[edgeHost] = sim.NewEdge(cache, board, "")
	for _, name := range s.Edges {
		hosts[name+".test"] = sim.NewEdge(cache, board, name)
	}
	if s.Second {
		hosts[secondHost] = sim.NewEdge(cache, second, "")
	}
	return hosts
}

// Run has the monitor watch while during runs, and returns when both have
// ended. It is called once.
func (w *Watch) Run(ctx context.Context, during func(ctx context.Context)) {
	var running sync.WaitGroup
	watching, stop := context.WithCancel(ctx)
	running.Go(func() { w.Monitor.Run(watching) })
	if w.snapshots > 0 {
		running.Go(func() { w.look(watching) })
	}
	defer func() {
		stop()
		w.end() // what the edge still asks ends too
		running.Wait()
		if w.twin != nil {
			w.twin.running.Wait()
		}
	}()
	during(watching)
}

// look takes snapshots until ctx is done.
func (w *Watch) look(ctx context.Context) {
	tick := time.NewTicker(time.Second / time.Duration(w.snapshots))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.Monitor.Snapshot()
		case <-ctx.Done():
			return
		}
	}
}

// Break switches faults on, now. From here on the twin counts what they change.
func (w *Watch) Break(faults ...sim.Injection) error {
	if w.twin != nil {
		w.twin.restart(time.Now())
	}
	return inject(w.Board, faults)
}

// BreakSecond switches faults of the second CDN on, as Break does.
func (w *Watch) BreakSecond(faults ...sim.Injection) error {
	if w.twin != nil {
		w.twin.restart(time.Now())
	}
	return inject(w.Second, faults)
}

// BreakBoth switches faults on, now, in the twin too: they are what another
// fault is seen against.
func (w *Watch) BreakBoth(faults ...sim.Injection) error {
	if w.twin != nil {
		if err := inject(w.sound, faults); err != nil {
			return err
		}
	}
	return inject(w.Board, faults)
}

// inject puts faults on a board. Those without a time begin now.
func inject(board *sim.Board, faults []sim.Injection) error {
	for _, in := range faults {
		if err := board.Inject(in); err != nil {
			return fmt.Errorf("breaking the event: %w", err)
		}
	}
	return nil
}

// Differences says what the twin showed: how many responses were others than
// they would have been since the last Break, and the first of them in words.
// early is one that differed before, "" if none did. Without a twin all are zero.
func (w *Watch) Differences() (n int, first, early string) {
	if w.twin == nil {
		return 0, "", ""
	}
	w.twin.mu.Lock()
	defer w.twin.mu.Unlock()
	return w.twin.n, w.twin.first, w.twin.early
}
