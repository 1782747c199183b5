package dashboards

import (
	"strconv"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// standing returns the standing of an alarm by its name.
func (w *Watch) standing(t *testing.T, name string) Standing {
	t.Helper()
	for _, s := range w.Standings() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("%s is not listed", name)
	return Standing{}
}

// The page of a monitor that has just begun cries for no missing heartbeat; one
// that goes missing later is told, with the time since when.
func TestWatchSettles(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 5, 0, time.UTC)
	w := NewWatch(Options{Event: "e", Period: 10 * time.Second, Streams: []Stream{{Name: "main"}}}, start)
	if got := w.standing(t, "heartbeat"); got.State != NoData || !got.Since.Equal(start) || !got.Pages {
		t.Errorf("%+v", got)
	}
	now, died := start, start.Add(2*time.Minute)
	for now.Before(start.Add(5 * time.Minute)) {
		next := w.Next(now)
		if !next.After(now) || next.Sub(now) > 10*time.Second {
			t.Fatalf("after %s comes %s", now, next)
		}
		now = next
		if now.Before(died) {
			w.Add([]probe.Sample{{Metric: probe.MonitorHeartbeat, Value: 1, At: now}})
		}
		w.Evaluate(now)
		if got := w.standing(t, "heartbeat"); now.Before(died) && got.State == InAlarm {
			t.Fatalf("in alarm after %s", now.Sub(start))
		}
	}
	got := w.standing(t, "heartbeat")
	if late := got.Since.Sub(died); got.State != InAlarm || late < 10*time.Second || late > time.Minute {
		t.Errorf("%s since %s after the last beat", got.State, got.Since.Sub(died))
	}
}

// When streams come and go, what is known of the others stays.
func TestWatchChanges(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	o := Options{Event: "e", Period: 10 * time.Second, Streams: []Stream{{Name: "main"}}}
	w := NewWatch(o, start)
	now := start
	for range 6 {
		now = w.Next(now)
		w.Add([]probe.Sample{{Metric: probe.ManifestAge, Stream: "main", Side: probe.Origin, Value: 99, At: now}})
		w.Evaluate(now)
	}
	before := w.standing(t, "origin-stale-main")
	o.Streams = append(o.Streams, Stream{Name: "second"})
	w.Change(o, now)
	if got := w.standing(t, "origin-stale-main"); got != before || got.State != InAlarm {
		t.Errorf("%+v, was %+v", got, before)
	}
	if got := w.standing(t, "origin-stale-second"); got.State != NoData {
		t.Errorf("%+v", got)
	}
}

// Of very many alarms those are listed that wake people and those that are not well.
func TestManyAreListedByNeed(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	o := Options{Event: "e", Period: 10 * time.Second, DistributionID: "E1"}
	for i := range 40 {
		o.Streams = append(o.Streams, Stream{Name: "s" + strconv.Itoa(i)})
	}
	w := NewWatch(o, start)
	if n := len(w.Standings()); n != 3+2 { // the composites, the heartbeat and CloudFront's own
		t.Errorf("%d are listed", n)
	}
	if got := w.standing(t, "cloudfront-5xx"); !got.Service {
		t.Errorf("%+v", got)
	}
	now := start
	for range 6 {
		now = w.Next(now)
		w.Add([]probe.Sample{{Metric: probe.ManifestAge, Stream: "s7", Side: probe.Origin, Value: 99, At: now}})
		w.Evaluate(now)
	}
	if got := w.standing(t, "origin-stale-s7"); got.State != InAlarm {
		t.Errorf("%+v", got)
	}
}
