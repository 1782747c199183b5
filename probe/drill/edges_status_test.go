package drill_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// keysOf collects the keys of an object, and of those below it.
func keysOf(at string, v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			key := strings.TrimPrefix(at+"."+name, ".")
			into[key] = true
			keysOf(key, one, into)
		}
	case []any:
		for _, one := range v {
			keysOf(at+"[]", one, into)
		}
	}
}

// counted counts requests by host.
type counted struct {
	next  http.RoundTripper
	mu    sync.Mutex
	hosts map[string]int
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.hosts[r.URL.Host]++
	c.mu.Unlock()
	return c.next.RoundTrip(r)
}

// watched runs an event with further edges for a while, and returns its status
// as JSON, its samples by metric and place, and the requests by host.
func watched(t *testing.T, edges ...string) (status []byte, samples map[string]int, requests map[string]int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		asked := &counted{hosts: map[string]int{}}
		w := drill.New(drill.Setup{
			Origin: sim.Config{Renditions: make([]sim.Rendition, 2)}, Edges: edges, Keep: true,
			Through: func(next http.RoundTripper) http.RoundTripper { asked.next = next; return asked },
		})
		w.Run(t.Context(), func(context.Context) {
			time.Sleep(60*time.Second + 333*time.Millisecond)
			var err error
			if status, err = json.Marshal(w.Monitor.Snapshot()); err != nil {
				t.Fatal(err)
			}
		})
		samples = map[string]int{}
		for _, s := range w.Seen.Samples() {
			samples[s.Metric.Name+" "+probe.Place{Side: s.Side, Edge: s.Edge}.String()]++
		}
		requests = asked.hosts
	})
	return status, samples, requests
}

// An event with one edge is told of, measured and asked as before there could be
// several.
func TestOneEdgeIsAsBefore(t *testing.T) {
	t.Parallel()
	status, samples, requests := watched(t)
	var v any
	if err := json.Unmarshal(status, &v); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	keysOf("", v, keys)
	const rendition = "streams[].renditions[]"
	for _, key := range []string{
		"edge", "origin", rendition + ".edge.media_sequence", rendition + ".edge_lag_seconds",
		rendition + ".edge_lag_segments",
	} {
		if !keys[key] {
			t.Errorf("the status has no %s", key)
		}
	}
	for key := range keys {
		of := key[strings.LastIndexByte(key, '.')+1:]
		if of == "edges" || of == "edge" && key != "edge" && key != rendition+".edge" {
			t.Errorf("the status has %s", key)
		}
	}
	for name := range samples {
		if _, place, _ := strings.Cut(name, " "); !slices.Contains([]string{"", "origin", "edge"}, place) {
			t.Errorf("a sample of %s", name)
		}
	}
	_, _, two := watched(t, "second")
	for host, n := range requests {
		if diff := two[host] - n; diff < -n/20 || diff > n/20 {
			t.Errorf("%s is asked %d times, beside a second edge %d times", host, n, two[host])
		}
	}
	if n := two["second.test"] - two["edge.test"]; n < -20 || n > 20 {
		t.Errorf("the second edge is asked %d times, the first %d times", two["second.test"], two["edge.test"])
	}
	t.Log(requests, two)
}

// Where there are several edges each has its own facts and numbers; the first
// one stands where a single edge does too.
func TestStatusOfEdges(t *testing.T) {
	t.Parallel()
	status, samples, _ := watched(t, "second")
	var snap probe.Snapshot
	if err := json.Unmarshal(status, &snap); err != nil {
		t.Fatal(err)
	}
	want := []probe.EdgeAddress{
		{Name: drill.FirstEdge, URL: "http://edge.test"},
		{Name: "second", URL: "http://second.test"},
	}
	if !slices.Equal(snap.Edges, want) || snap.Edge != want[0].URL {
		t.Errorf("the edges are %v, the first %s", snap.Edges, snap.Edge)
	}
	for _, r := range snap.Streams[0].Renditions {
		first, second := r.Edges[drill.FirstEdge], r.Edges["second"]
		if len(r.Edges) != 2 || first == nil || second == nil {
			t.Fatalf("%s has %v", r.Name, r.Edges)
		}
		if first.URL != r.Edge.URL || first.Lag != r.EdgeLag ||
			!strings.HasPrefix(string(second.URL), "http://second.test/") || !second.Lag.Stated {
			t.Errorf("%s: first %+v, second %+v, edge %+v", r.Name, first, second, r.Edge)
		}
	}
	for _, m := range probe.Catalog() {
		for _, edge := range []string{drill.FirstEdge, "second"} {
			place := probe.Place{Edge: edge}
			if m.Scope == probe.BySide {
				place.Side = probe.Edge
			}
			if m.OfEdge(probe.Edge) && m != probe.EdgeObjectAge && samples[m.Name+" "+place.String()] == 0 {
				t.Errorf("no sample of %s of %s", m.Name, edge)
			}
		}
		if n := samples[m.Name+" edge"]; n > 0 {
			t.Errorf("%d samples of %s are of no edge", n, m.Name)
		}
	}
}
