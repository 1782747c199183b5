package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sink/store"
	"github.com/streamwatch/streamwatch/probe/web"
	"github.com/streamwatch/streamwatch/provision"
)

func (c *cli) demoCommand() *cobra.Command {
	var fault, listen, output string
	var edges int
	var limit time.Duration
	var lowLatency bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch an embedded live stream, and break it",
		Long: `Watch a live stream that streamwatch makes itself, through an edge of its own:
no AWS, no network and no file needed. Everything else is as in run. The page's
URL is printed; faults can be injected and cleared on the page, or scripted:

  --fault 'stale-edge@20s+30s'        after 20 s the edge serves old playlists for 30 s
  --fault 'stall@10s,seg-404(360p)@1m+20s'

With --edges there are several edges in front of one origin, as of an event with
several CDNs: first, second and so on. A fault of an edge is put on the first,
or on the one that is named before it:

  --edges 2 --fault 'second:stale-edge@20s+30s'

With --low-latency the stream has partial segments of half a second, preload
hints and blocking reloads; some faults need it.

A step is [edge:]name[(rendition)][:argument][@start[+duration]]; streamwatch drill
--help lists the faults.`,
		Example: `  streamwatch demo
  streamwatch demo --fault 'stale-edge@20s+30s' --for 2m
  streamwatch demo --edges 2 --fault 'second:edge-503@20s+30s'`,
		Args: argument(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 0 {
				return negative(limit)
			}
			log, err := c.log()
			if err != nil {
				return err
			}
			if edges < 1 || edges > maxDemoEdges {
				return probe.Usage(fmt.Sprintf("--edges %d", edges), fmt.Sprintf("1 to %d", maxDemoEdges))
			}
			script, err := demoScript(fault, edges)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			surviveClosedPipes()
			keepPrivate()
			page, err := freeListener(ctx, listen)
			if err != nil {
				return err
			}
			defer page.Close()
			board := sim.NewBoard()
			config := sim.Config{Streams: []string{demoStream}, Faults: board}
			if lowLatency {
				config.Part = demoPart
			}
			origin := provision.NewLocal("127.0.0.1:0", sim.NewOrigin(config))
			at, err := origin.Provision(ctx, nil)
			if err != nil {
				return err
			}
			event := demoEvent(at.EdgeURL, output)
			servers, err := furtherDemoEdges(ctx, event, board, edges)
			if err != nil {
				return err
			}
			if err := board.Play(script, "", time.Now()); err != nil {
				return probe.Usage(fmt.Sprintf("--fault: %v", err), probe.HintOf(err))
			}
			s := &session{c: c, event: event, log: log, board: board}
			serving, end := context.WithCancel(context.WithoutCancel(ctx))
			served := make(chan error, 1)
			go func() { served <- serveAll(serving, append(servers, origin)) }()
			_, err = s.run(ctx, daemon.Options{
				Listen: page, Faults: &demoFaults{board, lowLatency, event.EdgeNames()}, Period: demoPeriod, Limit: limit,
			})
			end()
			if errors.Is(err, store.ErrInUse) {
				err = probe.WithHint(err, "a second demo needs a folder of its own: streamwatch demo --output second")
			}
			return errors.Join(err, <-served)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&fault, "fault", "", "script of faults, such as stale-edge@20s+30s")
	flags.IntVar(&edges, "edges", 1, "how many edges there are in front of the origin")
	flags.StringVar(&listen, "listen", "127.0.0.1:8090", "address of the page; the next free port when it is taken")
	flags.StringVar(&output, "output", configs.Default().Output, "folder for history, embeds and report")
	flags.BoolVar(&lowLatency, "low-latency", false, "a stream of partial segments, as in Low-Latency HLS")
	flags.DurationVar(&limit, "for", 0, "stop after this time")
	return cmd
}

const (
	demoStream = "main"
	demoPeriod = 10 * time.Second // of the alarms: who tries it does not wait for minutes
	demoPart   = 500 * time.Millisecond
)

// demoEvent is the event of the demo, as its file would be.
func demoEvent(origin, output string) *configs.Event {
	event := configs.Default()
	event.Event, event.Output, event.Player.Title = "demo", output, "streamwatch demo"
	event.Origin.URL, event.Monitor.Beacon = configs.URL(origin), true
	event.Distribution.Local = &configs.Local{Listen: "127.0.0.1:0"}
	event.Streams = []configs.Stream{{
		Name: demoStream, Manifest: configs.URL("/" + demoStream + "/playlist.m3u8"), Renditions: configs.Renditions{All: true},
	}}
	return &event
}

// freeListener takes an address, or one of the next ports when it is taken.
func freeListener(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, probe.Usage(fmt.Sprintf("--listen: %v", err), "such as 127.0.0.1:8090")
	}
	first, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, probe.Usage(fmt.Sprintf("--listen: %v", err), "such as 127.0.0.1:8090")
	}
	const tries = 20
	for i := range tries {
		ln, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, fmt.Sprint(first+i)))
		if err == nil {
			return ln, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, probe.WithHint(fmt.Errorf("opening the page: %w", err), "--listen takes an address of this machine")
		}
	}
	return nil, probe.WithHint(fmt.Errorf("opening the page: ports %d to %d are taken", first, first+tries-1), "choose another with --listen")
}

// demoFaults lets the page switch the simulator's faults.
type demoFaults struct {
	board      *sim.Board
	lowLatency bool
	edges      []string // names, where there are several
}

// List returns every fault of the simulator that the stream can show.
func (d *demoFaults) List() []web.Fault {
	var list []web.Fault
	for _, f := range sim.Faults() {
		if f.Encrypted || f.LowLatency && !d.lowLatency {
			continue // the demo's stream has no such thing to break
		}
		list = append(list, web.Fault{Name: f.Name, Title: f.Doc, Where: string(f.Where)})
	}
	for _, edge := range d.edges[min(1, len(d.edges)):] { // the first edge's go without its name
		for _, f := range list {
			if f.Where == string(sim.AtEdge) && !strings.Contains(f.Name, ":") {
				list = append(list, web.Fault{Name: edge + ":" + f.Name, Title: f.Title, Where: edge})
			}
		}
	}
	return list
}

// Active returns those that are on.
func (d *demoFaults) Active() []web.ActiveFault {
	list := []web.ActiveFault{}
	for _, in := range d.board.Active() {
		name := in.Fault
		if in.Edge != "" {
			name = in.Edge + ":" + name
		}
		list = append(list, web.ActiveFault{Name: name, Stream: in.Stream, Rendition: in.Rendition})
	}
	return list
}

// Inject switches one on.
func (d *demoFaults) Inject(name, stream, rendition string, span time.Duration) error {
	edge, name := onEdge(name)
	if edge != "" && !slices.Contains(d.edges, edge) {
		return fmt.Errorf("the demo has no edge %q", edge)
	}
	in := sim.Injection{Fault: name, Edge: edge, Stream: stream, Rendition: rendition, From: time.Now()}
	if span > 0 {
		in.Until = in.From.Add(span)
	}
	return d.board.Inject(in)
}

// Clear switches one off, or all.
func (d *demoFaults) Clear(name, stream, rendition string) error {
	edge, name := onEdge(name)
	if _, ok := sim.FindFault(name); name != "" && !ok {
		return fmt.Errorf("unknown fault %q", name)
	}
	d.board.ClearAt(edge, name, stream, rendition)
	return nil
}
