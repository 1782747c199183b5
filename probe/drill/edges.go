package drill

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// The edges of a drill whose fault names one: "second:stale-edge" is on the
// second of two, "all:stale-edge" on both.
const (
	secondEdge = "second"
	allEdges   = "all"
)

// OfEdges returns the drills of an event with two edges in front of its origin.
func OfEdges() []Drill {
	cdn, shared := []probe.Blame{probe.BlameCDN}, []probe.Blame{probe.BlameConfig}
	stale, status := []string{"edge.lag", "edge.age", "upd.stale"}, []string{"http.status"}
	return []Drill{
		{"second:stale-edge", stale, cdn, probe.Edge, 3.5, confirmed},
		{"second:edge-503", status, cdn, probe.Edge, sight, confirmed},
		{"second:edge-refused", []string{"http.unreachable"}, cdn, probe.Edge, sight, confirmed},
		{"all:stale-edge", stale, shared, probe.Edge, 3.5, confirmed},
		{"all:edge-503", status, []probe.Blame{probe.BlameOrigin}, probe.Edge, 2 * sight, confirmed},
	}
}

// faultOn splits a fault into the edge that it names, "" for none, and its name.
func faultOn(fault string) (edge, name string) {
	if edge, name, ok := strings.Cut(fault, ":"); ok {
		return edge, name
	}
	return "", fault
}

// edge is the edge that the incident must name: none where all are at fault.
func (d Drill) edge() string {
	edge, _ := faultOn(d.Fault)
	if edge == allEdges {
		return ""
	}
	return edge
}

// Doc says what the drill's fault does.
func (d Drill) Doc() string {
	edge, name := faultOn(d.Fault)
	f, ok := sim.FindFault(name)
	switch {
	case !ok:
		return ""
	case edge == "":
		return f.Doc
	case edge == allEdges:
		return "both of two edges: " + f.Doc
	default:
		return "the " + edge + " of two edges: " + f.Doc
	}
}

// injections are what the drill switches on.
func (d Drill) injections() []sim.Injection {
	edge, name := faultOn(d.Fault)
	if edge != allEdges {
		return []sim.Injection{{Fault: name, Edge: edge}}
	}
	return []sim.Injection{{Fault: name}, {Fault: name, Edge: secondEdge}}
}
