package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/web"
)

// faults lets the page switch the simulator's faults.
type faults struct {
	board      *sim.Board
	lowLatency bool
	edges      []string // names, where there are several
}

// List returns every fault of the simulator that the stream can show.
func (d *faults) List() []web.Fault {
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
func (d *faults) Active() []web.ActiveFault {
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
func (d *faults) Inject(name, stream, rendition string, span time.Duration) error {
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
func (d *faults) Clear(name, stream, rendition string) error {
	edge, name := onEdge(name)
	if _, ok := sim.FindFault(name); name != "" && !ok {
		return fmt.Errorf("unknown fault %q", name)
	}
	d.board.ClearAt(edge, name, stream, rendition)
	return nil
}

// onEdge splits the name of a fault as the page has it: "second:edge-503".
func onEdge(name string) (edge, fault string) {
	if edge, fault, ok := strings.Cut(name, ":"); ok {
		return edge, fault
	}
	return "", name
}
