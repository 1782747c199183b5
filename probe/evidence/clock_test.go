package evidence

import (
	"math"
	"testing"
	"time"
)

// looks are so far apart.
const looks = 100 * time.Millisecond

// publish adds segments of two seconds for so many minutes; late says by how
// long each appears after its time.
func publish(c *Clock, from time.Time, minutes int, late func(at time.Duration) time.Duration) *Clock {
	for n := range minutes * 30 {
		at := time.Duration(n+1) * 2 * time.Second
		if !c.Add(from.Add(at+late(at)), 2*time.Second, from.Add(at), looks, false) {
			return nil
		}
	}
	return c
}

func TestClockTrend(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	jitter := func(at time.Duration) time.Duration { // ±0.4 s, at no beat
		return time.Duration(int64(at/time.Second)*7919%800-400) * time.Millisecond
	}
	for name, c := range map[string]struct {
		minutes int
		late    func(at time.Duration) time.Duration
		want    float64 // seconds a minute; 0 is no trend
		step    float64
	}{
		"steady":             {14, func(time.Duration) time.Duration { return 0 }, 0, 0},
		"jitter":             {14, jitter, 0, 0},
		"drift":              {14, func(at time.Duration) time.Duration { return at / 100 }, 0.6, 0},
		"backwards":          {14, func(at time.Duration) time.Duration { return -at / 100 }, -0.6, 0},
		"drift under jitter": {14, func(at time.Duration) time.Duration { return at/100 + jitter(at) }, 0.6, 0},
		"too short":          {11, func(at time.Duration) time.Duration { return at / 100 }, 0, 0},
		"a step long ago": {
			14, func(at time.Duration) time.Duration { return at / (8 * time.Minute) * 5 * time.Second }, 0, 0,
		},
		"a step just now": {
			8, func(at time.Duration) time.Duration { return min(1, at/(330*time.Second)) * 5 * time.Second }, 0, 5,
		},
		"a stall caught up": {
			14, func(at time.Duration) time.Duration { return max(0, 20*time.Second-(at-7*time.Minute).Abs()) }, 0, 0,
		},
		"a step of the drift": {8, func(at time.Duration) time.Duration { return at / 20 }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			clock := publish(NewClock(start, start), start, c.minutes, c.late)
			if clock == nil {
				t.Fatal("time broke")
			}
			for _, of := range []func(minute) float32{
				func(m minute) float32 { return m.media }, func(m minute) float32 { return m.date },
			} {
				rate, slack, ok := clock.trend(ClockMinutes, of)
				if trend := ok && math.Abs(rate) > slack+0.05; trend != (c.want != 0) || trend && math.Abs(rate-c.want) > 0.1 {
					t.Errorf("%.3f s a minute, slack %.3f, %v; want %.3f", rate, slack, ok, c.want)
				}
			}
			late, ok := clock.Step()
			if step := ok && late > 2; step != (c.step != 0) || step && math.Abs(late-c.step) > 0.1 {
				t.Errorf("a step of %.2f s, %v; want %.2f", late, ok, c.step)
			}
		})
	}
}

// Four minutes tell an encoder that is far too slow, and neither a stall, however
// long, nor one that catches up.
func TestClockHaste(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		late func(at time.Duration) time.Duration
		want bool
	}{
		"a tenth too slow": {func(at time.Duration) time.Duration { return at / 9 }, true},
		"a stall": {func(at time.Duration) time.Duration {
			return min(1, at/(4*time.Minute)) * 30 * time.Second
		}, false},
		"two stalls": {func(at time.Duration) time.Duration {
			return min(2, at/(200*time.Second)) * 15 * time.Second
		}, false},
		"a stall that is caught up": {func(at time.Duration) time.Duration {
			return min(1, at/(4*time.Minute)) * max(0, 30*time.Second-(at-4*time.Minute)/10)
		}, false},
		"jitter": {func(at time.Duration) time.Duration {
			return time.Duration(int64(at/time.Second)*7919%4000) * time.Millisecond
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for minutes := 1; minutes < 15; minutes++ {
				clock := publish(NewClock(start, start), start, minutes, c.late)
				if clock == nil {
					t.Fatal("time broke")
				}
				rate, slack, ok := clock.MediaTrend(HasteMinutes)
				if steep := ok && rate-slack > 3; steep != (c.want && minutes >= HasteMinutes) {
					t.Errorf("after %d minutes %.1f s a minute, slack %.1f, %v", minutes, rate, slack, ok)
				}
			}
		})
	}
}

// Jitter alone can look like a trend; the slack covers it.
func TestClockAllowsForJitter(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	clock := publish(NewClock(start, start), start, 14, func(at time.Duration) time.Duration {
		if at/(2*time.Second)%3 == 0 {
			return 2*time.Second + at/800
		}
		return at / 800
	})
	rate, slack, ok := clock.trend(ClockMinutes, func(m minute) float32 { return m.media })
	if !ok || slack < 0.1 || math.Abs(rate) > slack+0.05 {
		t.Errorf("%.3f s a minute, slack %.3f, %v: want the slack to be 2 s over 18 minutes", rate, slack, ok)
	}
}

func TestClockBreaks(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	for name, c := range map[string]struct {
		now, date time.Time
		want      bool
	}{
		"in time":                      {at(2), at(2), true},
		"date a little off":            {at(2), at(2).Add(300 * time.Millisecond), true},
		"date jumps":                   {at(2), at(62), false},
		"no date any more":             {at(2), time.Time{}, false},
		"nothing for over two minutes": {at(121), at(2), false},
	} {
		if got := NewClock(start, start).Add(c.now, 2*time.Second, c.date, 0, false); got != c.want {
			t.Errorf("%s: time goes on: %v", name, got)
		}
	}
	clock := NewClock(start, start)
	clock.Add(at(30), 2*time.Second, at(2), 0, true)
	if m := clock.kept[0]; m.wide != 0 || m.media != 0 {
		t.Errorf("what was seen late counts: %+v", m)
	}
}

// What sweeps by as much as looks are apart may be the looks.
func TestClockAllowsForLooks(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	clock := NewClock(start, start)
	for n := range 14 * 30 {
		at := time.Duration(n+1) * 2 * time.Second
		clock.Add(start.Add(at+at/800), 2*time.Second, start.Add(at), 2*time.Second, false)
	}
	rate, slack, ok := clock.trend(ClockMinutes, func(m minute) float32 { return m.date })
	if !ok || slack < 1.9/9 || rate > slack {
		t.Errorf("%.3f s a minute, slack %.3f, %v: want the slack to be 2 s over 9 minutes", rate, slack, ok)
	}
}
