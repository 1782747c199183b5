package dashboards

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// arrival is how long after a period its samples are taken to be there, as in
// CloudWatch.
const arrival = 3 * time.Second

// Watch evaluates the alarms of an event as CloudWatch would, and keeps since when
// each is in its state. It has one owner, who adds samples and says when to
// evaluate.
type Watch struct {
	board   *Board
	every   time.Duration // between evaluations
	settled time.Time     // from when on missing data mean something
	states  []standing    // in the board's order
}

// standing is a state, and when an alarm came into it.
type standing struct {
	state State
	since time.Time
}

// NewWatch returns one that begins now.
func NewWatch(o Options, now time.Time) *Watch {
	w := &Watch{board: NewBoard(o, arrival)}
	w.states = make([]standing, len(w.board.states))
	period := w.board.alarms[0].Period
	w.every = min(period, time.Minute)
	// Two datapoints: the heartbeat takes what is missing for a breach, and
	// before the start all is.
	w.settled = now.Truncate(period).Add(3*period + arrival)
	w.take(now)
	return w
}

// Add takes samples over.
func (w *Watch) Add(samples []probe.Sample) { w.board.Add(samples) }

// Next is when to evaluate next: just after the samples of a period are all there.
func (w *Watch) Next(now time.Time) time.Time {
	return now.Add(-arrival).Truncate(w.every).Add(w.every + arrival)
}

// Evaluate moves every alarm to its state as of now.
func (w *Watch) Evaluate(now time.Time) {
	w.board.evaluate(now)
	w.take(now)
}

// Change makes other streams those whose alarms are watched. What is known of the
// others stays.
func (w *Watch) Change(o Options, now time.Time) {
	was := make(map[string]standing, len(w.states))
	for i, one := range w.states {
		was[w.board.key(i)] = one
	}
	w.board = w.board.For(o)
	w.states = make([]standing, len(w.board.states))
	for i := range w.states {
		w.states[i] = was[w.board.key(i)]
	}
	w.take(now)
}

// take notes new states.
func (w *Watch) take(now time.Time) {
	for i, state := range w.board.states {
		if i < len(w.board.alarms) && w.board.alarms[i].Missing == MissingIsBreach && now.Before(w.settled) {
			state = NoData
		}
		if w.states[i].state != state {
			w.states[i] = standing{state, now}
		}
	}
}

// Standing is an alarm and the state that it is in.
type Standing struct {
	Name      string // Alarm.Key, or the Kind of a composite
	Stream    string // "" for the event
	Text      string // what is wrong when it is in alarm
	Condition string // "" of a composite
	Pages     bool   // tells the topic
	Service   bool   // only CloudWatch can evaluate it, and its state is not known here
	State     State
	Since     time.Time
}

// manyAlarms is from how many on only those that are not well are listed.
const manyAlarms = 300

// Standings returns the alarms with their states, those that roll others up first.
// Of very many only those in alarm, and those that tell the topic, are among them.
func (w *Watch) Standings() []Standing {
	alarms, above := w.board.alarms, w.board.composites
	list := make([]Standing, 0, len(above)+min(len(alarms), manyAlarms))
	for i := range above {
		c, now := &above[i], w.states[len(alarms)+i]
		list = append(list, Standing{Name: c.Kind, Text: c.Text, Pages: c.Pages, State: now.state, Since: now.since})
	}
	for i := range alarms {
		a, now := &alarms[i], w.states[i]
		if len(alarms) > manyAlarms && !a.Pages && now.state != InAlarm {
			continue
		}
		list = append(list, Standing{
			Name: a.Key(), Stream: a.Stream, Text: a.Text, Condition: a.Describe(), Pages: a.Pages, Service: a.Service,
			State: now.state, Since: now.since,
		})
	}
	return list
}
