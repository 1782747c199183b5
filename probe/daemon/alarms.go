package daemon

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/web"
)

// arrival is how long after a period its samples are taken to be there, as in
// CloudWatch.
const arrival = 3 * time.Second

// shownAlarms evaluates the event's alarms here, as CloudWatch would, for the
// page. It is a sink of the monitor.
type shownAlarms struct {
	every   time.Duration // between evaluations
	settled time.Time     // from when on missing data mean something
	alarms  []dashboards.Alarm
	above   []dashboards.Composite
	arming  *arming // nil where CloudWatch has none of them

	mu    sync.Mutex // guards all below
	board *dashboards.Board
	since map[string]time.Time // when each alarm came into its state
	state map[string]dashboards.State
}

func newShownAlarms(o dashboards.Options, now time.Time) *shownAlarms {
	s := &shownAlarms{board: dashboards.NewBoard(o, arrival), since: map[string]time.Time{}, state: map[string]dashboards.State{}}
	s.alarms, s.above = dashboards.Alarms(o)
	period := s.alarms[0].Period
	s.every = min(period, time.Minute)
	// Two datapoints: the heartbeat takes what is missing for a breach, and
	// before the start all is.
	s.settled = now.Truncate(period).Add(3*period + arrival)
	s.take(nil, now)
	return s
}

// Name returns "alarms".
func (*shownAlarms) Name() string { return "alarms" }

// Write takes the samples of a batch over.
func (s *shownAlarms) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board.Add(probe.Unmuted(b.Samples))
	return nil
}

// Run evaluates until ctx is done.
func (s *shownAlarms) Run(ctx context.Context) error {
	for {
		// Just after the samples of a period are all there.
		next := time.Now().Add(-arrival).Truncate(s.every).Add(s.every + arrival)
		select {
		case <-time.After(time.Until(next)):
			s.mu.Lock()
			s.take(s.board.Evaluate(next), next)
			s.mu.Unlock()
		case <-ctx.Done():
			return nil
		}
	}
}

// change makes other streams those whose alarms are shown. What is known of the
// others stays.
func (s *shownAlarms) change(o dashboards.Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarms, s.above = dashboards.Alarms(o)
	s.board = s.board.For(o)
	s.take(s.board.States(), time.Now())
}

// take notes new states.
func (s *shownAlarms) take(states map[string]dashboards.State, now time.Time) {
	note := func(key string) {
		state := cmp.Or(states[key], dashboards.NoData)
		if s.state[key] != state {
			s.state[key], s.since[key] = state, now
		}
	}
	for i := range s.alarms {
		a := &s.alarms[i]
		if a.Missing == dashboards.MissingIsBreach && now.Before(s.settled) {
			delete(states, a.Key())
		}
		note(a.Key())
	}
	for i := range s.above {
		note(s.above[i].Kind)
	}
}

// manyAlarms is from how many on only those that are not well are shown.
const manyAlarms = 300

// list returns the alarms, those that roll others up first.
func (s *shownAlarms) list() []web.Alarm {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]web.Alarm, 0, len(s.above)+len(s.alarms))
	for i := range s.above {
		c := &s.above[i]
		list = append(list, web.Alarm{Name: c.Kind, Text: c.Text, Pages: c.Pages})
	}
	for i := range s.alarms {
		a := &s.alarms[i]
		if a.Service && s.arming == nil {
			continue // which only CloudWatch evaluates
		}
		if len(s.alarms) > manyAlarms && !a.Pages && s.state[a.Key()] != dashboards.InAlarm {
			continue
		}
		list = append(list, web.Alarm{Name: a.Key(), Stream: a.Stream, Text: a.Text, Condition: a.Describe(), Pages: a.Pages})
	}
	for i := range list {
		list[i].State, list[i].Since = string(s.state[list[i].Name]), probe.FormatTime(s.since[list[i].Name])
		if s.arming != nil && list[i].Pages {
			s.fromCloudWatch(&list[i])
		}
	}
	return list
}

// fromCloudWatch adds to an alarm what only CloudWatch knows of it.
func (s *shownAlarms) fromCloudWatch(to *web.Alarm) {
	there, known := s.arming.seenAs(to.Name)
	if !known {
		return
	}
	to.Armed = &there.Armed
	if slices.ContainsFunc(s.alarms, func(a dashboards.Alarm) bool { return a.Service && a.Key() == to.Name }) {
		to.State = there.State
	}
}

// plots are those of the dashboards, for the page.
func plots() []web.Plot {
	var list []web.Plot
	for _, p := range dashboards.Panels() {
		list = append(list, web.Plot{Title: p.Title, Metric: p.Metric.Prometheus, Unit: p.Unit, Of: p.Of, Sides: p.Metric.Scope == probe.BySide})
	}
	return list
}
