package dashboards

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// twoEdges is the event of the golden files behind two CDNs.
func twoEdges() Options {
	o := concert()
	o.Edges = []string{"cloudfront", "second"}
	return o
}

// Each edge has the alarms that a single one has, over its own metrics; what
// wakes people is over all of them.
func TestAlarmsOfEdges(t *testing.T) {
	one, _ := Alarms(concert())
	two, all := Alarms(twoEdges())
	const perEdge, streams = 6, 2
	if len(two) != len(one)+perEdge*streams {
		t.Errorf("%d alarms, with one edge %d", len(two), len(one))
	}
	var ids []string
	for i := range two {
		a := &two[i]
		ids = append(ids, a.ID())
		if ofEdge := a.Metric.OfEdge(a.Side) && a.Stream != ""; ofEdge != (a.Edge != "") {
			t.Errorf("%s is of edge %q", a.Key(), a.Edge)
		}
		has := slices.Contains(a.dimensions("e"), [2]string{"Edge", a.Edge})
		if a.Edge != "" && (!has || !strings.Contains(a.Key(), a.Edge) || !strings.Contains(a.Text, a.Edge)) {
			t.Errorf("%s %q: %v", a.Key(), a.Text, a.dimensions("e"))
		}
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != len(two) {
		t.Error("two alarms have one id")
	}
	for _, edge := range []string{"cloudfront", "second"} {
		states := map[string]State{"edge-stale-" + edge + "-main": InAlarm, "cdn-degraded-" + edge + "-main": InAlarm}
		for _, c := range all {
			want := c.Kind == "viewer-impact" || c.Kind == "cdn-fault"
			if c.Rule.Holds(states) != want {
				t.Errorf("%s while %s is stale: %v", c.Kind, edge, !want)
			}
		}
	}
}

// What the sink puts is what the count says, and the dashboard shows each edge.
func TestMetricsOfEdges(t *testing.T) {
	one, two := MetricCount(concert()), MetricCount(twoEdges())
	more := 0
	for _, m := range probe.Catalog() {
		if m.OfEdge(probe.Edge) {
			more += len(concert().Streams)
		}
	}
	if two != one+more {
		t.Errorf("%d metrics, with one edge %d, want %d more", two, one, more)
	}
	body, err := Dashboard(twoEdges())
	if err != nil {
		t.Fatal(err)
	}
	parts, err := Resources(twoEdges())
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Widgets []struct {
			Properties struct {
				Title   string
				Metrics [][]any
			}
		}
	}
	if err := json.Unmarshal(body, &board); err != nil {
		t.Fatal(err)
	}
	for _, w := range board.Widgets {
		if w.Properties.Title == "Edge behind origin" && len(w.Properties.Metrics) != 2*len(concert().Streams) {
			t.Errorf("%s has %v", w.Properties.Title, w.Properties.Metrics)
		}
	}
	for _, id := range []string{"EdgeStaleCloudfrontOfmain", "EdgeStaleSecondOfmain", "CdnDownSecondOfsignXlanguage"} {
		if parts.Resources[id] == nil {
			t.Errorf("the template has no %s", id)
		}
	}
	if !strings.Contains(string(parts.Resources["EdgeLagSecondOfmain"]), `{"Name":"Edge","Value":"second"}`) {
		t.Errorf("%s", parts.Resources["EdgeLagSecondOfmain"])
	}
}

// Past the size of a template the plots search for their lines: for those of
// the origin and for those of each edge.
func TestSearchOfEdges(t *testing.T) {
	body, err := layOut(twoEdges().withDefaults(), []string{"arn"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`Event,Side,Stream}`, `Event,Edge,Side,Stream}`, `Event,Edge,Stream}`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no search for %s", want)
		}
	}
}
