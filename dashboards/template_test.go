package dashboards_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/provision"
)

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
		spec := provision.Spec{
			Metrics: provision.MetricUse{Count: dashboards.MetricCount(o), Puts: dashboards.PutsPerPeriod(o), Period: c.period},
		}
		parts, err := dashboards.Resources(o)
		if err != nil {
			t.Fatal(err)
		}
		spec.Extra = provision.Extra(parts)
		month, event := 0.0, 0.0
		fmt.Fprintf(&out, "%s: requests in a period: %d\n", c.name, dashboards.PutsPerPeriod(o))
		for _, l := range provision.Cost(spec) {
			if l.Price == 0 {
				continue
			}
			month, event = month+l.Month(), event+l.Event(8*time.Hour)
			fmt.Fprintf(&out, "  %-24s %10.0f %8.2f $ a month %8.3f $ for 8 h\n",
				l.Item, l.Quantity, l.Month(), l.Event(8*time.Hour))
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
