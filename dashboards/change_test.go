package dashboards

import (
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// What is known of the alarms of a stream stays when others come and go.
func TestABoardForOtherStreams(t *testing.T) {
	o := Options{Event: "e", Period: 10 * time.Second, Streams: []Stream{{Name: "a"}, {Name: "b"}}}
	b := NewBoard(o, 0)
	now := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	var key string
	for i := range b.alarms {
		if a := &b.alarms[i]; a.Stream == "a" && a.Metric == probe.ManifestAge && !a.Below {
			key = a.Key()
		}
	}
	for range 30 {
		for _, side := range probe.Sides {
			b.Add([]probe.Sample{{Metric: probe.ManifestAge, Stream: "a", Side: side, Value: 1000, At: now}})
		}
		now = now.Add(10 * time.Second)
		b.Evaluate(now)
	}
	if key == "" || b.States()[key] != InAlarm {
		t.Fatalf("alarm %q is %s", key, b.States()[key])
	}
	o.Streams = []Stream{{Name: "a"}, {Name: "c"}}
	next := b.For(o)
	if next.States()[key] != InAlarm || len(next.States()) != len(b.States()) {
		t.Errorf("%s after the change is %s; %d states, want %d",
			key, next.States()[key], len(next.States()), len(b.States()))
	}
	if got := next.Evaluate(now)[key]; got != InAlarm {
		t.Errorf("%s evaluates to %s: its datapoints are lost", key, got)
	}
}
