package dashboards

import (
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// The examples of CloudWatch's documentation ("Configuring how CloudWatch
// alarms treat missing data"): 0 is within the threshold, X in breach, - missing.
func TestMissingDataAsDocumented(t *testing.T) {
	const keeps = State("keeps")
	for _, c := range []struct {
		m, n                            int
		points                          string
		missing, ignore, breaching, not State
	}{
		{3, 3, "0 - X - X", Fine, Fine, Fine, Fine},
		{3, 3, "- - - - 0", Fine, Fine, Fine, Fine},
		{3, 3, "- - - - -", NoData, keeps, InAlarm, Fine},
		{3, 3, "0 X X - X", InAlarm, InAlarm, InAlarm, InAlarm},
		{3, 3, "- - X - -", InAlarm, keeps, InAlarm, Fine},
		{2, 3, "0 - X - X", InAlarm, InAlarm, InAlarm, InAlarm},
		{2, 3, "0 0 X 0 X", InAlarm, InAlarm, InAlarm, InAlarm},
		{2, 3, "0 - X - -", Fine, Fine, InAlarm, Fine},
		{2, 3, "- - - - 0", Fine, Fine, InAlarm, Fine},
		{2, 3, "- - - X -", InAlarm, keeps, InAlarm, Fine},
	} {
		for missing, want := range map[Missing]State{
			MissingIsMissing: c.missing, MissingKeepsState: c.ignore, MissingIsBreach: c.breaching, MissingIsFine: c.not,
		} {
			for _, now := range []State{Fine, InAlarm, NoData} {
				a := Alarm{M: c.m, N: c.n, Missing: missing, Threshold: 1}
				if want == keeps {
					if got := a.Next(now, points(c.points)); got != now {
						t.Errorf("%d of %d, %s, missing is %s: %s became %s, want it kept", c.m, c.n, c.points, missing, now, got)
					}
				} else if got := a.Next(now, points(c.points)); got != want {
					t.Errorf("%d of %d, %s, missing is %s: %s, want %s", c.m, c.n, c.points, missing, got, want)
				}
			}
		}
	}
}

func points(text string) []probe.Fact[float64] {
	var out []probe.Fact[float64]
	for field := range strings.FieldsSeq(text) {
		switch field {
		case "-":
			out = append(out, probe.Fact[float64]{})
		case "X":
			out = append(out, probe.State(2.0))
		default:
			out = append(out, probe.State(0.0))
		}
	}
	return out
}

func TestYoungBreachIsNotYetAnAlarm(t *testing.T) {
	a := Alarm{M: 3, N: 3, Missing: MissingIsMissing, Threshold: 1}
	if got := a.Next(NoData, points("- - - - X")); got == InAlarm {
		t.Error("one breach alone put a 3 of 3 alarm in alarm")
	}
}

// A monitor that is killed is known to be gone, by nothing but its silence.
func TestDeadMonitorPages(t *testing.T) {
	for _, c := range []struct {
		period, step, within time.Duration
	}{{time.Minute, time.Minute, 6 * time.Minute}, {10 * time.Second, 10 * time.Second, 70 * time.Second}} {
		b := NewBoard(Options{Event: "e", Period: c.period, Streams: []Stream{{Name: "main"}}}, 2*time.Second)
		start := time.Unix(1_800_000_000, 0)
		beat := start
		died := start.Add(10*time.Minute + 3*time.Second)
		for now := start.Add(5 * time.Minute); ; now = now.Add(c.step) {
			for ; beat.Before(now) && beat.Before(died); beat = beat.Add(10 * time.Second) {
				b.Add([]probe.Sample{{Metric: probe.MonitorHeartbeat, Value: 1, At: beat}})
			}
			state := b.Evaluate(now)["heartbeat"]
			if now.Before(died) && state != Fine {
				t.Fatalf("period %s: in alarm while the monitor works, at %s", c.period, now.Sub(start))
			}
			if state == InAlarm {
				t.Logf("period %s: a dead monitor pages after %s", c.period, now.Sub(died))
				if now.Sub(died) > c.within {
					t.Errorf("period %s: paged after %s, want at most %s", c.period, now.Sub(died), c.within)
				}
				break
			}
			if now.Sub(died) > time.Hour {
				t.Fatalf("period %s: never paged", c.period)
			}
		}
	}
}

// A stream that stands still pages in time, whenever in a minute it stops and
// whenever CloudWatch evaluates.
func TestStalledStreamPagesInTime(t *testing.T) {
	for _, c := range []struct{ period, within time.Duration }{
		{time.Minute, 3 * time.Minute},
		{10 * time.Second, 45 * time.Second},
	} {
		worst := time.Duration(0)
		for offset := range 12 {
			for phase := range 12 {
				worst = max(worst, stalled(c.period, time.Duration(offset)*c.period/12, time.Duration(phase)*c.period/12))
			}
		}
		t.Logf("period %s: a stalled stream pages after %s at most", c.period, worst)
		if worst > c.within {
			t.Errorf("period %s: a stalled stream pages after %s, want at most %s", c.period, worst, c.within)
		}
	}
}

// stalled returns how long after its last segment a stream pages.
func stalled(period, offset, phase time.Duration) time.Duration {
	b := NewBoard(Options{Event: "e", Period: period, Streams: []Stream{{Name: "main"}}}, 3*time.Second)
	start := time.Unix(1_800_000_000, 0).Truncate(time.Minute)
	died := start.Add(5*time.Minute + offset)
	poll := start
	for now := start.Add(period + phase); ; now = now.Add(period) {
		for ; poll.Before(now); poll = poll.Add(3 * time.Second) {
			age := max(poll.Sub(died), time.Duration(poll.Unix()%6)*time.Second)
			b.Add([]probe.Sample{{Metric: probe.ManifestAge, Stream: "main", Side: probe.Edge, Value: age.Seconds(), At: poll}})
		}
		if b.Evaluate(now)["viewer-impact"] == InAlarm {
			return now.Sub(died)
		}
	}
}

// While an event waits, and after it has ended, the monitor only says that it
// works: nothing that wakes people is in alarm, however long that lasts.
func TestNothingPagesWhileWaiting(t *testing.T) {
	for _, period := range []time.Duration{time.Minute, 10 * time.Second} {
		o := concert()
		o.Period = period
		start := time.Date(2026, 11, 28, 18, 0, 0, 0, time.UTC)
		board := NewBoard(o, 3*time.Second)
		for at := start; at.Before(start.Add(2 * time.Hour)); at = at.Add(period) {
			board.Add([]probe.Sample{{Metric: probe.MonitorHeartbeat, At: at, Value: 1}})
			if at.Sub(start) < 5*period {
				continue
			}
			for key, state := range board.Evaluate(at.Add(3 * time.Second)) {
				if state == InAlarm {
					t.Fatalf("period %s: %s is in alarm after %s of waiting", period, key, at.Sub(start))
				}
			}
		}
	}
}
