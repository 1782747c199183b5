package drill_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// edgesRow is a fault of an event with two edges, first and second, and what
// must be said of it.
type edgesRow struct {
	name     string
	faults   []string // as in a fault script, without times
	edgeOnly bool     // the origin is not watched
	noStale  bool     // the edges keep nothing while it fails
	streams  int
	blame    []probe.Blame
	edge     string // that the incident names; "" is none
	side     probe.Side
	scope    []probe.Scope
	verdict  []probe.Verdict // of each stream while the fault lasts
	says     []string        // of `because`, all of them
}

var edgesRows = []edgesRow{
	{
		name: "second stale", faults: []string{"second:stale-edge"}, streams: 1,
		blame: []probe.Blame{probe.BlameCDN}, edge: "second", side: probe.Edge,
		scope: []probe.Scope{probe.ScopeEdge}, verdict: []probe.Verdict{probe.Degraded},
		says: []string{"edge second", "serves old playlists", "first is fine", "the origin is fresh"},
	},
	{
		name: "first stale", faults: []string{"stale-edge"}, streams: 1, blame: []probe.Blame{probe.BlameCDN},
		edge: "first", side: probe.Edge,
		scope: []probe.Scope{probe.ScopeEdge}, verdict: []probe.Verdict{probe.Degraded},
		says: []string{"edge first", "second is fine"},
	},
	{
		name: "second stale, three streams", faults: []string{"second:stale-edge"}, streams: 3,
		blame: []probe.Blame{probe.BlameCDN}, edge: "second",
		side: probe.Edge, scope: []probe.Scope{probe.ScopeEdge}, verdict: []probe.Verdict{probe.Degraded},
		says: []string{"edge second", "first is fine"},
	},
	{
		name: "second stale, no origin", faults: []string{"second:stale-edge"}, edgeOnly: true, streams: 1,
		blame: []probe.Blame{probe.BlameCDN},
		edge:  "second", side: probe.Edge, scope: []probe.Scope{probe.ScopeEdge},
		verdict: []probe.Verdict{probe.Degraded},
		says:    []string{"edge second", "another edge listed newer content", "first is fine"},
	},
	{
		name: "second down", faults: []string{"second:edge-503"}, streams: 1,
		blame: []probe.Blame{probe.BlameCDN}, edge: "second", side: probe.Edge,
		scope: []probe.Scope{probe.ScopeEdge}, verdict: []probe.Verdict{probe.Degraded},
		says: []string{"edge second", "answers 503", "first is fine"},
	},
	{
		name: "second refuses", faults: []string{"second:edge-refused"}, streams: 3,
		blame: []probe.Blame{probe.BlameCDN}, edge: "second", side: probe.Edge,
		scope: []probe.Scope{probe.ScopeEdge}, verdict: []probe.Verdict{probe.Degraded},
		says: []string{"edge second", "refuses connections", "first is fine"},
	},
	{
		name: "second down, no origin", faults: []string{"second:edge-503"}, edgeOnly: true, streams: 1,
		blame: []probe.Blame{probe.BlameCDN},
		edge:  "second", side: probe.Edge, scope: []probe.Scope{probe.ScopeEdge},
		verdict: []probe.Verdict{probe.Degraded}, says: []string{"edge second", "first is fine"},
	},
	{
		name: "second hangs, no origin", faults: []string{"second:edge-hang"}, edgeOnly: true, streams: 1,
		blame: []probe.Blame{probe.BlameCDN},
		edge:  "second", side: probe.Edge, scope: []probe.Scope{probe.ScopeEdge},
		verdict: []probe.Verdict{probe.Degraded}, says: []string{"edge second", "first is fine"},
	},
	{
		name: "second lacks segments, no origin", faults: []string{"second:edge-404-segment"}, edgeOnly: true,
		streams: 1, blame: []probe.Blame{probe.BlameCDN},
		edge: "second", side: probe.Edge, scope: []probe.Scope{probe.ScopeEdge, probe.ScopeStream},
		verdict: []probe.Verdict{probe.Degraded, probe.OK}, says: []string{"edge second"},
	},
	{
		name: "second serves a page, no origin", faults: []string{"second:edge-html"}, edgeOnly: true,
		streams: 1, blame: []probe.Blame{probe.BlameCDN},
		edge: "second", side: probe.Edge, scope: []probe.Scope{probe.ScopeEdge},
		verdict: []probe.Verdict{probe.Degraded}, says: []string{"edge second"},
	},
	{
		name: "both stale", faults: []string{"stale-edge", "second:stale-edge"}, streams: 1,
		blame: []probe.Blame{probe.BlameConfig, probe.BlameOrigin},
		side:  probe.Edge, scope: []probe.Scope{probe.ScopeStream}, verdict: []probe.Verdict{probe.Down},
		says: []string{"all edges alike", "first, second"},
	},
	{
		name: "both stale, three streams", faults: []string{"stale-edge", "second:stale-edge"}, streams: 3,
		blame: []probe.Blame{probe.BlameConfig, probe.BlameOrigin}, side: probe.Edge,
		scope: []probe.Scope{probe.ScopeEvent}, verdict: []probe.Verdict{probe.Down},
		says: []string{"all edges alike"},
	},
	{
		name: "both down", faults: []string{"edge-503", "second:edge-503"}, streams: 1,
		blame: []probe.Blame{probe.BlameOrigin, probe.BlameConfig},
		side:  probe.Edge, scope: []probe.Scope{probe.ScopeStream, probe.ScopeEvent},
		verdict: []probe.Verdict{probe.Down}, says: []string{"all edges alike", "answers 503"},
	},
	{
		name: "origin frozen", faults: []string{"stall"}, streams: 1, blame: []probe.Blame{probe.BlameEncoder},
		side:  probe.Origin,
		scope: []probe.Scope{probe.ScopeStream}, verdict: []probe.Verdict{probe.Down},
		says: []string{"the origin answers, and lists nothing newer"},
	},
	{
		name: "origin frozen, not watched", faults: []string{"stall"}, edgeOnly: true, streams: 1,
		blame: []probe.Blame{probe.BlameEncoder}, side: probe.Edge,
		scope: []probe.Scope{probe.ScopeStream}, verdict: []probe.Verdict{probe.Down},
		says: []string{"all edges alike"},
	},
	{
		name: "origin down", faults: []string{"origin-refused"}, streams: 1,
		blame: []probe.Blame{probe.BlameOrigin}, side: probe.Origin,
		scope: []probe.Scope{probe.ScopeOrigin}, verdict: []probe.Verdict{probe.Down, probe.Degraded},
	},
	{
		name: "origin down, not watched", faults: []string{"playlist-503"}, edgeOnly: true, noStale: true,
		streams: 1, blame: []probe.Blame{probe.BlameOrigin}, side: probe.Edge,
		scope: []probe.Scope{probe.ScopeStream}, verdict: []probe.Verdict{probe.Down},
		says: []string{"all edges alike"},
	},
}

// The drills of two edges are met, whenever within a segment the fault begins.
func TestDrillsOfEdges(t *testing.T) {
	for _, d := range some(drill.OfEdges()) {
		t.Run(d.Fault, func(t *testing.T) {
			t.Parallel()
			for _, offset := range one(0, 700*time.Millisecond, 1300*time.Millisecond) {
				synctest.Test(t, func(t *testing.T) {
					check(t, drill.Run(t.Context(), d, drill.Settings{Offset: offset, Renditions: 3}))
				})
			}
		})
	}
}

// Several edges are evidence for each other: the one that shows a fault alone is
// to blame for it, and no CDN is for what all of them show.
func TestEdges(t *testing.T) {
	for _, row := range some(edgesRows) {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { row.hold(t) })
		})
	}
}

func (row *edgesRow) hold(t *testing.T) {
	cache := edge.Config{}
	if row.noStale {
		cache.StaleIfError = -1
	}
	w := drill.New(drill.Setup{
		Edge: cache, Origin: sim.Config{Streams: names(row.streams), Stagger: true, Renditions: make([]sim.Rendition, 2)},
		Edges:    []string{"second"},
		EdgeOnly: row.edgeOnly, Twin: true,
	})
	w.Run(t.Context(), func(context.Context) {
		time.Sleep(15 * time.Second)
		for _, in := range w.Seen.Incidents() {
			t.Errorf("before the fault: %s", said(&in))
		}
		script, err := sim.ParseScript(strings.Join(row.faults, ","))
		if err != nil {
			t.Fatal(err)
		}
		var faults []sim.Injection
		for _, step := range script {
			faults = append(faults, sim.Injection{Fault: step.Fault, Edge: step.Edge})
		}
		if err := w.Break(faults...); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		row.judge(t, w)
		w.Board.Clear("", "", "")
		time.Sleep(40 * time.Second)
		for _, in := range w.Seen.Open() {
			t.Errorf("open 40 s after it ended: %s", said(&in))
		}
		for _, s := range w.Monitor.Snapshot().Streams {
			if s.Verdict != probe.OK {
				t.Errorf("%s is %s after it ended", s.Name, s.Verdict)
			}
		}
	})
	if n, _, early := w.Differences(); n == 0 || early != "" {
		t.Errorf("the fault changed %d responses; before it one was another: %q", n, early)
	}
}

func (row *edgesRow) judge(t *testing.T, w *drill.Watch) {
	all := w.Seen.Incidents()
	if len(all) != 1 {
		t.Errorf("%d incidents, want 1", len(all))
	}
	open := w.Monitor.Snapshot().Incidents // have what only grew since, which is told with the next change
	for i := range all {
		in := &all[i]
		if j := slices.IndexFunc(open, func(o probe.Incident) bool { return o.ID == in.ID }); j >= 0 {
			in = &open[j]
		}
		wrong := in.Edge != row.edge || in.Side != row.side ||
			!slices.Contains(row.blame, in.Blame) || !slices.Contains(row.scope, in.Scope) ||
			!slices.Equal(in.Streams, names(row.streams))
		for _, part := range row.says {
			wrong = wrong || !strings.Contains(in.Because, part)
		}
		if in.Edge != "" && (!strings.Contains(in.Summary, in.Edge) || !strings.Contains(in.ID, in.Edge)) {
			wrong = true
		}
		if n := w.Seen.Changes(in.ID); n > 3 { // it may become worse by degrees
			t.Errorf("%d changes of %s", n, said(in))
		}
		if wrong {
			t.Errorf("%s", said(in))
		} else {
			t.Log(said(in))
		}
	}
	for _, s := range w.Monitor.Snapshot().Streams {
		if !slices.Contains(row.verdict, s.Verdict) {
			t.Errorf("%s is %s, want %s", s.Name, s.Verdict, row.verdict)
		}
	}
}

func said(in *probe.Incident) string {
	return fmt.Sprintf("%s %s %s blame %s, %q (%s), %s %v: %s; %s",
		in.ID, in.Check, in.Severity, in.Blame, in.Where(), in.Scope, in.Summary, in.Consequences, in.Because, in.Detail)
}
