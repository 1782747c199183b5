package dashboards

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// State of an alarm.
type State string

// States of an alarm.
const (
	Fine    State = "OK"
	InAlarm State = "ALARM"
	NoData  State = "INSUFFICIENT_DATA"
)

// extra is how many datapoints CloudWatch looks at besides N, to make up for
// those that are missing. It does not document the number; its examples have
// two.
const extra = 2

// Next returns the state that follows from the newest datapoints, oldest first.
// Only the newest N+2 count. Missing ones are not stated.
//
// These are the rules of "Configuring how CloudWatch alarms treat missing data":
// as long as N real datapoints are in range, the newest N of them decide;
// otherwise missing ones are filled in as the alarm says, as few as possible.
func (a *Alarm) Next(now State, points []probe.Fact[float64]) State {
	points = points[max(0, len(points)-a.N-extra):]
	breaches, oks, oldest := 0, 0, 0 // oldest: age of the oldest breach, 1 is the newest datapoint
	for i := len(points) - 1; i >= 0 && breaches+oks < a.N; i-- {
		switch p := points[i]; {
		case !p.Stated:
		case a.breaches(p.Value):
			breaches++
			oldest = len(points) - i
		default:
			oks++
		}
	}
	filled := a.N - breaches - oks
	switch {
	case breaches >= a.M, a.Missing == MissingIsBreach && breaches+filled >= a.M:
		return InAlarm
	case filled == 0, oks > 0, a.Missing == MissingIsFine, a.Missing == MissingIsBreach:
		return Fine
	case a.Missing == MissingKeepsState:
		return now
	case breaches > 0 && oldest >= a.M: // all that there is breaches, and has for long enough
		return InAlarm
	case breaches > 0:
		return now
	default:
		return NoData
	}
}

func (a *Alarm) breaches(v float64) bool {
	if a.Below {
		return v < a.Threshold
	}
	return v > a.Threshold
}

// Board holds the alarms of an event as CloudWatch would show them. It has one
// owner, who adds samples and lets it evaluate.
type Board struct {
	alarms     []Alarm // those of a stream in a row; those that only CloudWatch can evaluate have no data
	composites []Composite
	delay      time.Duration
	rows       map[string]row // by stream; "" is the event
	windows    [][]window     // by alarm: of the periods that it has samples of, in no order
	states     []State        // of the alarms, and then of the composites
}

// row is where in the list the alarms of one stream stand.
type row struct{ from, to int }

// window is what an alarm keeps of one period.
type window struct {
	at               int64 // in periods since 1970
	count, sum, most float64
}

// NewBoard returns a board on which no alarm has data. delay is the time from
// the end of a period until CloudWatch has its samples.
func NewBoard(o Options, delay time.Duration) *Board {
	alarms, composites := Alarms(o)
	b := &Board{
		alarms: alarms, composites: composites, delay: delay,
		rows: make(map[string]row, len(o.Streams)+1), windows: make([][]window, len(alarms)),
		states: slices.Repeat([]State{NoData}, len(alarms)+len(composites)),
	}
	for i := range b.alarms {
		if b.alarms[i].Service {
			continue
		}
		of, known := b.rows[b.alarms[i].Stream]
		if !known {
			of.from = i
		}
		of.to = i + 1
		b.rows[b.alarms[i].Stream] = of
	}
	return b
}

// key is the key of an alarm or the kind of a composite, in the order of states.
func (b *Board) key(i int) string {
	if above := i - len(b.alarms); above >= 0 {
		return b.composites[above].Kind
	}
	return b.alarms[i].Key()
}

// For returns the board of an event that has other streams than before. What is
// known of the alarms that both have goes over to it.
func (b *Board) For(o Options) *Board {
	next := NewBoard(o, b.delay)
	had := make(map[string]int, len(b.states))
	for i := range b.states {
		had[b.key(i)] = i
	}
	for i := range next.states {
		was, ok := had[next.key(i)]
		if !ok {
			continue
		}
		if i < len(next.alarms) {
			if next.alarms[i].Period != b.alarms[was].Period {
				continue
			}
			next.windows[i] = b.windows[was]
		}
		next.states[i] = b.states[was]
	}
	return next
}

// States returns the state of every alarm and composite by its key, as of the last
// evaluation.
func (b *Board) States() map[string]State {
	all := make(map[string]State, len(b.states))
	for i, state := range b.states {
		if i >= len(b.alarms) || !b.alarms[i].Service {
			all[b.key(i)] = state
		}
	}
	return all
}

// Add takes samples over. The order of their times does not matter.
func (b *Board) Add(samples []probe.Sample) {
	for i := range samples {
		s := &samples[i]
		of := b.rows[s.Stream]
		for j := of.from; j < of.to; j++ {
			a := &b.alarms[j]
			if !a.watches(s) {
				continue
			}
			at := s.At.UnixNano() / int64(a.Period)
			w, v := b.window(j, at), s.Value*s.Metric.Scale
			if w.count == 0 || v > w.most {
				w.most = v
			}
			w.count, w.sum = w.count+1, w.sum+v
		}
	}
}

// window returns what an alarm keeps of a period, which is empty where that is new.
func (b *Board) window(alarm int, at int64) *window {
	list := b.windows[alarm]
	i := slices.IndexFunc(list, func(w window) bool { return w.at == at })
	if i < 0 {
		i, list = len(list), append(list, window{at: at})
		b.windows[alarm] = list
	}
	return &list[i]
}

// Evaluate returns the state of every alarm and composite by its key, as of
// now. CloudWatch does so once a minute, and every ten seconds for alarms with a
// period below a minute.
func (b *Board) Evaluate(now time.Time) map[string]State {
	b.evaluate(now)
	return b.States()
}

// evaluate moves every alarm and composite to its state as of now.
func (b *Board) evaluate(now time.Time) {
	alarmed := map[string]State{}
	for i := range b.alarms {
		a := &b.alarms[i]
		if a.Service {
			continue
		}
		newest := now.Add(-b.delay).UnixNano()/int64(a.Period) - 1
		points := make([]probe.Fact[float64], a.N+extra)
		oldest := newest - int64(len(points)) + 1
		b.windows[i] = slices.DeleteFunc(b.windows[i], func(w window) bool { return w.at < oldest })
		for _, w := range b.windows[i] {
			if w.at <= newest {
				points[w.at-oldest] = w.point(a.Stat)
			}
		}
		if b.states[i] = a.Next(b.states[i], points); b.states[i] == InAlarm {
			alarmed[a.Key()] = InAlarm
		}
	}
	for i := range b.composites {
		state := Fine
		if b.composites[i].Rule.Holds(alarmed) {
			state = InAlarm
		}
		b.states[len(b.alarms)+i] = state
	}
}

func (w window) point(stat Stat) probe.Fact[float64] {
	switch stat {
	case Maximum:
		return probe.State(w.most)
	case Average:
		return probe.State(w.sum / w.count)
	default:
		return probe.State(w.count)
	}
}
