// Package demo is an event that streamwatch makes itself: a live stream, its edges,
// and faults that people switch on and off.
//
// The rule that keeps it simple: nothing here watches. To what does, the demo is
// an event like any other, with its own servers on this machine.
package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/web"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// MostEdges is how many edges a demo has at most.
const MostEdges = 4

// Period is that of the demo's alarms: who tries it does not wait for minutes.
const Period = 10 * time.Second

const (
	streamName = "main"
	part       = 500 * time.Millisecond
)

// eventOf is the event of the demo, as its file would be.
func eventOf(origin, output string) *configs.Event {
	event := configs.Default()
	event.Event, event.Output, event.Player.Title = "demo", output, "streamwatch demo"
	event.Origin.URL, event.Monitor.Beacon = configs.URL(origin), true
	event.Distribution.Local = &configs.Local{Listen: "127.0.0.1:0"}
	event.Streams = []configs.Stream{{
		Name: streamName, Manifest: configs.URL("/" + streamName + "/playlist.m3u8"),
		Renditions: configs.Renditions{All: true},
	}}
	return &event
}

// Options say what is shown.
type Options struct {
	Script     string // of faults, such as "stale-edge@20s+30s"; "" is none
	Edges      int    // 1 to MostEdges
	LowLatency bool   // a stream of partial segments
	Output     string // folder for history, embeds and report
}

// Show is a demo whose addresses are taken, and whose script has begun.
type Show struct {
	Event   *configs.Event
	Board   *sim.Board
	Faults  web.Faults // for the page
	servers []*provision.Local
}

// New takes the addresses of the origin and of the edges beside the first, and
// begins the script. Nothing is served until Run.
func New(ctx context.Context, o Options) (*Show, error) {
	if o.Edges < 1 || o.Edges > MostEdges {
		return nil, probe.Usage(fmt.Sprintf("--edges %d", o.Edges), fmt.Sprintf("1 to %d", MostEdges))
	}
	steps, err := script(o.Script, o.Edges)
	if err != nil {
		return nil, err
	}
	s := &Show{Board: sim.NewBoard()}
	config := sim.Config{Streams: []string{streamName}, Faults: s.Board}
	if o.LowLatency {
		config.Part = part
	}
	origin := provision.NewLocal("127.0.0.1:0", sim.NewOrigin(config))
	at, err := origin.Provision(ctx, nil)
	if err != nil {
		return nil, err
	}
	s.Event = eventOf(at.EdgeURL, o.Output)
	if err := s.further(ctx, o.Edges); err != nil {
		return nil, err
	}
	s.servers = append(s.servers, origin)
	if err := s.Board.Play(steps, "", time.Now()); err != nil {
		return nil, probe.Usage(fmt.Sprintf("--fault: %v", err), probe.HintOf(err))
	}
	s.Faults = &faults{s.Board, o.LowLatency, s.Event.EdgeNames()}
	return s, nil
}

// further adds edges to the event, so that it has n. They show the faults of the
// board that are put on them by name.
func (s *Show) further(ctx context.Context, n int) error {
	origin, err := url.Parse(s.Event.Origin.URL.Reveal())
	if err != nil {
		return errors.New("reading the address of the demo's origin")
	}
	for _, name := range eventfile.Ordinals()[1:n] {
		local := provision.NewLocal("127.0.0.1:0", sim.NewEdge(edge.Config{Origin: origin}, s.Board, name))
		at, err := local.Provision(ctx, nil)
		if err != nil {
			return err
		}
		s.Event.Edges = append(s.Event.Edges, configs.Edge{Name: name, URL: configs.URL(at.EdgeURL)})
		s.servers = append(s.servers, local)
	}
	return nil
}

// script reads a script of faults for a demo with so many edges.
func script(text string, edges int) (sim.Script, error) {
	if text == "" {
		return nil, nil
	}
	parsed, err := sim.ParseScript(text)
	if err != nil {
		return nil, probe.Usage(fmt.Sprintf("--fault: %v", err), probe.HintOf(err))
	}
	for i := range parsed {
		name := parsed[i].Edge
		if name == configs.FirstEdge { // it may be named too
			parsed[i].Edge = ""
		} else if name != "" && !slices.Contains(eventfile.Ordinals()[1:edges], name) {
			hint := "its edges are " + strings.Join(eventfile.Ordinals()[:edges], ", ") + "; --edges makes more"
			return nil, probe.Usage(fmt.Sprintf("--fault: the demo has no edge %q", name), hint)
		}
	}
	return parsed, nil
}

// Cache is the edge of the event's own distribution: it shows the faults of the board.
func (s *Show) Cache(c edge.Config) http.Handler { return sim.NewEdge(c, s.Board, "") }

// During serves the origin and the edges beside the first while watch runs, also
// when ctx is done: until its own end it asks for what is still to be had.
func (s *Show) During(ctx context.Context, watch func() error) error {
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- s.serve(serving) }()
	err := watch()
	end()
	return errors.Join(err, <-served)
}

// serve serves them until ctx ends.
func (s *Show) serve(ctx context.Context) error {
	ended := make(chan error, len(s.servers))
	for _, one := range s.servers {
		go func() { ended <- one.Run(ctx) }()
	}
	var all error
	for range s.servers {
		all = errors.Join(all, <-ended)
	}
	return all
}
