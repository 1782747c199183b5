package fleet

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// change is what an agent does to go on by another plan: all but the streams that
// differ is polled as if nothing had happened.
type change struct {
	plan        *Plan
	opts        monitor.Options
	rescheduled bool
	overridden  bool
}

// changeOf compares plans. It is nil where they differ in what a monitor cannot change.
// Secrets of the next one are hidden from now on.
func changeOf(before, next *Plan, hide *fetch.Secrets) *change {
	var a, b setup
	if before.Shards != next.Shards || json.Unmarshal(before.Setup, &a) != nil || json.Unmarshal(next.Setup, &b) != nil {
		return nil
	}
	c := &change{
		plan: next, rescheduled: !a.Starts.Equal(b.Starts) || !a.Ends.Equal(b.Ends),
		overridden: !reflect.DeepEqual(a.Overrides, b.Overrides),
	}
	for _, s := range []*setup{&a, &b} {
		s.Starts, s.Ends, s.Fresh, s.Streams, s.Overrides, s.Own = time.Time{}, time.Time{}, time.Time{}, nil, nil, nil
	}
	if !reflect.DeepEqual(a, b) {
		return nil
	}
	var err error
	if c.opts, err = readSetup(next.Setup, hide); err != nil {
		return nil
	}
	return c
}

// take makes a change.
func (w *watch) take(c *change) {
	before := w.streams
	w.plan, w.streams = c.plan, byShard(c.opts.Streams, c.plan.Shards)
	if c.rescheduled {
		w.monitor.Schedule(c.opts.Starts, c.opts.Ends)
	}
	if c.overridden {
		w.monitor.Override(c.opts.Overrides)
	}
	for n := range w.plan.Shards {
		w.agent.mu.Lock()
		held := w.agent.shards[n] != nil
		w.agent.mu.Unlock()
		if !held {
			continue
		}
		w.leave(slices.DeleteFunc(slices.Clone(before[n]), func(s monitor.Stream) bool {
			return named(w.streams[n], s.Name) != nil
		}), "the event has it no more")
		for _, s := range w.streams[n] {
			if was := named(before[n], s.Name); was == nil || !reflect.DeepEqual(*was, s) {
				w.monitor.Set(s)
			}
		}
	}
	w.agent.log.Info("watching", zap.String("event", c.plan.Event), zap.Int("streams", len(c.opts.Streams)))
}

// leave ends watching streams.
func (w *watch) leave(list []monitor.Stream, why string) {
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	w.monitor.Stop(names)
	for _, name := range names {
		w.monitor.Remove(name, why)
		w.desk.forget(name)
	}
}

func named(list []monitor.Stream, name string) *monitor.Stream {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}
