package incident

import (
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// The event is down from when its first stream is until its last one no longer
// is, whoever looks when.
func TestOverall(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	d := NewDesk(Options{Event: "e"}, start)
	a, b := d.row("", "a").seat, d.row("", "b").seat
	at := func(second int, x, y, want probe.Verdict, since int) {
		t.Helper()
		d.become(a, Verdict{Verdict: x})
		d.become(b, Verdict{Verdict: y})
		d.sum(start.Add(time.Duration(second) * time.Second))
		if got, when := d.Overall(); got != want || !when.Equal(start.Add(time.Duration(since)*time.Second)) {
			t.Errorf("at %d s: %s since %s, want %s since %d s", second, got, when.Sub(start), want, since)
		}
	}
	at(1, probe.OK, probe.OK, probe.OK, 1)
	at(10, probe.Down, probe.OK, probe.Down, 10)
	at(20, probe.Down, probe.Down, probe.Down, 10)
	at(30, probe.OK, probe.Down, probe.Down, 10)
	at(40, probe.OK, probe.Degraded, probe.Degraded, 40)
	at(50, probe.OK, probe.OK, probe.OK, 50)
}
