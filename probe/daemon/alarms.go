package daemon

import (
	"context"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/web"
)

// shownAlarms evaluates the event's alarms for the page. It is a sink of the
// monitor.
type shownAlarms struct {
	arming *arming // nil where CloudWatch has none of them

	mu    sync.Mutex // guards watch
	watch *dashboards.Watch
}

func newShownAlarms(o dashboards.Options, now time.Time) *shownAlarms {
	return &shownAlarms{watch: dashboards.NewWatch(o, now)}
}

// Name returns "alarms".
func (*shownAlarms) Name() string { return "alarms" }

// Write takes the samples of a batch over.
func (s *shownAlarms) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch.Add(probe.Unmuted(b.Samples))
	return nil
}

// Run evaluates until ctx is done.
func (s *shownAlarms) Run(ctx context.Context) error {
	for {
		next := s.next()
		select {
		case <-time.After(time.Until(next)):
			s.evaluate(next)
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *shownAlarms) next() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch.Next(time.Now())
}

func (s *shownAlarms) evaluate(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch.Evaluate(now)
}

// change makes other streams those whose alarms are shown.
func (s *shownAlarms) change(o dashboards.Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch.Change(o, time.Now())
}

// list returns the alarms, those that roll others up first, with what only
// CloudWatch knows of them.
func (s *shownAlarms) list() []web.Alarm {
	s.mu.Lock()
	all := s.watch.Standings()
	s.mu.Unlock()
	list := []web.Alarm{}
	for _, one := range all {
		if one.Service && s.arming == nil {
			continue // which only CloudWatch evaluates
		}
		shown := web.Alarm{
			Name: one.Name, Stream: one.Stream, Text: one.Text, Condition: one.Condition, Pages: one.Pages,
			State: string(one.State), Since: probe.FormatTime(one.Since),
		}
		if s.arming != nil && one.Pages {
			if is, known := s.arming.read(one.Name); known {
				shown.Armed = &is.Armed
				if one.Service {
					shown.State = string(is.State)
				}
			}
		}
		list = append(list, shown)
	}
	return list
}

// plots are those of the dashboards, for the page.
func plots() []web.Plot {
	var list []web.Plot
	for _, p := range dashboards.Panels() {
		sides := p.Metric.Scope == probe.BySide
		list = append(list, web.Plot{Title: p.Title, Metric: p.Metric.Prometheus, Unit: p.Unit, Of: p.Of, Sides: sides})
	}
	return list
}
