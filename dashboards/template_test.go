package dashboards_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// What we add fits into the stack's template, by the schemas of AWS.
func TestTemplate(t *testing.T) {
	streams := []dashboards.Stream{{Name: "main", TargetDuration: 6 * time.Second}}
	for range 3 {
		spec := provision.Defaults()
		spec.Event = "autumn-concert"
		spec.Origin = provision.Origin{Host: "live.example.com", Port: 8080}
		var err error
		spec.Extra.Resources, spec.Extra.Outputs, err = dashboards.Resources(dashboards.Options{
			Event: spec.Event, Distribution: true, Additional: spec.AdditionalMetrics, Email: []string{"ops@example.com"}, Streams: streams,
		})
		if err != nil {
			t.Fatal(err)
		}
		body, err := provision.Template(spec)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d streams: %d bytes", len(streams), len(body))
		for _, problem := range awstest.CheckTemplate(body) {
			t.Error(problem)
		}
		streams = append(streams, dashboards.Stream{Name: "second" + string(rune('a'+len(streams)))})
	}
}

// What an event costs, from what it puts and what its template has.
func TestCost(t *testing.T) {
	var out strings.Builder
	for _, c := range []struct {
		name    string
		streams int
		period  time.Duration
		each    bool
		viewers bool
	}{
		{"1 stream, 60 s", 1, time.Minute, false, false},
		{"1 stream, 10 s", 1, 10 * time.Second, false, false},
		{"1 stream with 4 renditions, each by itself, 60 s", 1, time.Minute, true, false},
		{"3 streams, 60 s", 3, time.Minute, false, false},
		{"3 streams and their viewers, 60 s", 3, time.Minute, false, true},
	} {
		o := dashboards.Options{Event: "e", Period: c.period, PerRendition: c.each, Viewers: c.viewers}
		for i := range c.streams {
			o.Streams = append(o.Streams, dashboards.Stream{Name: fmt.Sprint("s", i), Renditions: 4})
		}
		spec := provision.Spec{Metrics: provision.MetricUse{Count: dashboards.MetricCount(o), Puts: dashboards.PutsPerPeriod(o), Period: c.period}}
		var err error
		if spec.Extra.Resources, spec.Extra.Outputs, err = dashboards.Resources(o); err != nil {
			t.Fatal(err)
		}
		month, event := 0.0, 0.0
		fmt.Fprintf(&out, "%s: requests in a period: %d\n", c.name, dashboards.PutsPerPeriod(o))
		for _, l := range provision.Cost(spec) {
			if l.Price == 0 {
				continue
			}
			month, event = month+l.Month(), event+l.Event(8*time.Hour)
			fmt.Fprintf(&out, "  %-24s %10.0f %8.2f $ a month %8.3f $ for 8 h\n", l.Item, l.Quantity, l.Month(), l.Event(8*time.Hour))
		}
		fmt.Fprintf(&out, "  %-24s %10s %8.2f $ a month %8.3f $ for 8 h\n", "all", "", month, event)
	}
	if update.Value.String() == "true" {
		if err := os.WriteFile("testdata/cost.txt", []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/cost.txt")
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != out.String() {
		t.Errorf("testdata/cost.txt differs:\n%s", out.String())
	}
}
