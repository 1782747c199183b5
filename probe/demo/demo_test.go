package demo_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/demo"
	"github.com/streamwatch/streamwatch/probe/web"
)

// A demo with two edges is an event of two edges, and its second edge serves the
// stream until the demo ends.
func TestShow(t *testing.T) {
	show, err := demo.New(t.Context(), demo.Options{Edges: 2, Output: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if names := show.Event.EdgeNames(); !slices.Equal(names, []string{"first", "second"}) {
		t.Errorf("edges %v", names)
	}
	manifest := show.Event.ManifestURL(&show.Event.Streams[0], probe.Edge, show.Event.Edges[0].URL.Reveal())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, manifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = show.During(t.Context(), func() error {
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", manifest, res.Status)
		}
		return res.Body.Close()
	})
	if err != nil {
		t.Error(err)
	}
}

// The page can switch faults on and off that the stream can show, on each edge.
func TestFaults(t *testing.T) {
	show, err := demo.New(t.Context(), demo.Options{Edges: 2, Script: "second:stale-edge"})
	if err != nil {
		t.Fatal(err)
	}
	listed := func(name string) bool {
		return slices.ContainsFunc(show.Faults.List(), func(f web.Fault) bool { return f.Name == name })
	}
	if !listed("stall") || !listed("second:edge-503") || listed("first:edge-503") || listed("ll-rate") {
		t.Errorf("faults %v", show.Faults.List())
	}
	if err := show.Faults.Inject("edge-503", "main", "", 0); err != nil {
		t.Error(err)
	}
	var names []string
	for _, f := range show.Faults.Active() {
		names = append(names, f.Name)
	}
	if !slices.Contains(names, "edge-503") || !slices.Contains(names, "second:stale-edge") {
		t.Errorf("active %v", names)
	}
	if err := show.Faults.Clear("", "", ""); err != nil {
		t.Error(err)
	}
	if err := show.Faults.Clear("second:stale-edge", "", ""); err != nil || len(show.Faults.Active()) > 0 {
		t.Errorf("%v, active %v", err, show.Faults.Active())
	}
	if show.Faults.Inject("third:edge-503", "", "", 0) == nil || show.Faults.Clear("nonsense", "", "") == nil {
		t.Error("an edge and a fault that do not exist are taken")
	}
}

// A script that the demo cannot play is the user's mistake.
func TestScriptsThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct {
		o    demo.Options
		text string
	}{
		"unknown fault":  {demo.Options{Edges: 1, Script: "nonsense"}, "--fault: "},
		"no such edge":   {demo.Options{Edges: 1, Script: "second:edge-503"}, `the demo has no edge "second"`},
		"too many edges": {demo.Options{Edges: demo.MostEdges + 1}, "--edges 5"},
		"no edge":        {demo.Options{}, "--edges 0"},
	} {
		if _, err := demo.New(t.Context(), c.o); !probe.IsUsage(err) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A page whose port is taken gets the next one that is free.
func TestListen(t *testing.T) {
	first, err := demo.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := demo.Listen(t.Context(), first.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if first.Addr().String() == second.Addr().String() {
		t.Error("both have one address")
	}
	if _, err := demo.Listen(t.Context(), "nonsense"); !probe.IsUsage(err) {
		t.Errorf("nonsense: %v", err)
	}
	if _, err := demo.Listen(t.Context(), "192.0.2.1:8090"); err == nil || probe.HintOf(err) == "" {
		t.Errorf("an address of another machine: %v", err)
	}
}
