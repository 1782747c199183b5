package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision"
)

// maxDemoEdges is how many edges a demo has at most.
const maxDemoEdges = 4

// furtherDemoEdges adds edges to the demo's event, so that it has n, and returns
// what serves them. They show the faults of the board that are put on them by name.
func furtherDemoEdges(ctx context.Context, event *configs.Event, board *sim.Board, n int) ([]*provision.Local, error) {
	origin, err := url.Parse(event.Origin.URL.Reveal())
	if err != nil {
		return nil, errors.New("reading the address of the demo's origin")
	}
	var servers []*provision.Local
	for _, name := range eventfile.Ordinals[1:n] {
		local := provision.NewLocal("127.0.0.1:0", sim.NewEdge(sim.EdgeConfig{Origin: origin, Faults: board, Label: name}))
		at, err := local.Provision(ctx, nil)
		if err != nil {
			return nil, err
		}
		event.Edges = append(event.Edges, configs.Edge{Name: name, URL: configs.URL(at.EdgeURL)})
		servers = append(servers, local)
	}
	return servers, nil
}

// demoScript reads a script of faults for a demo with so many edges.
func demoScript(text string, edges int) (sim.Script, error) {
	if text == "" {
		return nil, nil
	}
	script, err := sim.ParseScript(text)
	if err != nil {
		return nil, probe.Usage(fmt.Sprintf("--fault: %v", err), probe.HintOf(err))
	}
	for i := range script {
		name := script[i].Edge
		if name == configs.FirstEdge { // it may be named too
			script[i].Edge = ""
		} else if name != "" && !slices.Contains(eventfile.Ordinals[1:edges], name) {
			hint := "its edges are " + strings.Join(eventfile.Ordinals[:edges], ", ") + "; --edges makes more"
			return nil, probe.Usage(fmt.Sprintf("--fault: the demo has no edge %q", name), hint)
		}
	}
	return script, nil
}

// serveAll serves origin and edges until ctx ends.
func serveAll(ctx context.Context, servers []*provision.Local) error {
	ended := make(chan error, len(servers))
	for _, s := range servers {
		go func() { ended <- s.Run(ctx) }()
	}
	var all error
	for range servers {
		all = errors.Join(all, <-ended)
	}
	return all
}

// onEdge splits the name of a fault as the page has it: "second:edge-503".
func onEdge(name string) (edge, fault string) {
	if edge, fault, ok := strings.Cut(name, ":"); ok {
		return edge, fault
	}
	return "", name
}
