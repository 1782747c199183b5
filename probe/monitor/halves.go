package monitor

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// A monitor has two halves: loops that turn polls into what a stream shows, and
// a desk that turns what all streams show into incidents. In one process they
// are joined by calls. In a fleet an agent has the first, with a desk that sends
// what it is told to the hub; the hub has the second, with streams that agents
// poll.

// Desk is where streams come together: an incident.Desk, or one elsewhere.
type Desk interface {
	incident.Taker
	Stream(o checks.Options) *incident.Stream
	Control(ok bool, asked time.Time, took time.Duration)
	Busy(b incident.Busy)
	Open() []probe.Incident
	Tick(now time.Time) incident.Result
	Next() time.Time // when Tick is due; zero is not before something is seen

	Leave(stream string, now time.Time, why string) incident.Result
	Restart(stream string, now time.Time) incident.Result
	Finish(now time.Time, why string) incident.Result
	Schedule(starts, ends time.Time)
	Scheduled() (starts, ends time.Time)
	Overall() (v probe.Verdict, since time.Time)

	// What people do: incident.Desk has the words.
	Check(now time.Time, a probe.Action) (_ probe.Action, changes bool, err error)
	Do(now time.Time, a *probe.Action) incident.Result
	Silences(now time.Time) []probe.Silence
	Maintain(planned []probe.Silence, now time.Time) incident.Result
}

// Remote polls streams for a monitor that has none of its own.
type Remote interface {
	Streams(now time.Time) []probe.StreamSnapshot
	Ready() bool         // every stream was looked at
	Poke(t probe.Target) // have a target polled at once
	Set(s Stream)        // as Monitor.Set
	Remove(name string) bool
}

// deskOptions are those of a desk in this process.
func (m *Monitor) deskOptions() incident.Options {
	o := &m.opts
	return incident.Options{
		Event: o.Event, Starts: o.Starts, Ends: o.Ends, Resume: o.Resume, Actions: o.Actions, Edges: m.edgeNames(),
		Maintenance: m.maskPlanned(o.Maintenance),
	}
}

// Take takes in what others saw: what the desk made of it, and the numbers.
func (m *Monitor) Take(b probe.Batch, res incident.Result) { m.tell(b, res) }

// Looks returns streams as they are seen now, without what is found wrong with them.
func (m *Monitor) Looks(of map[string]bool) []probe.StreamSnapshot {
	list := make([]probe.StreamSnapshot, 0, len(of))
	for _, s := range m.all() {
		if !of[s.cfg.Name] {
			continue
		}
		s.mu.Lock()
		snap := s.facts(time.Now())
		s.mu.Unlock()
		m.maskStream(&snap)
		list = append(list, snap)
	}
	return list
}

// Poke has a target polled at once, where the monitor watches it.
func (m *Monitor) Poke(t probe.Target) {
	if s := m.find(t.Stream); s != nil {
		s.poke(t)
	}
}

// shown are the streams as they are now, whoever polls them.
func (m *Monitor) shown(now time.Time) []probe.StreamSnapshot {
	var list []probe.StreamSnapshot
	if m.opts.Remote != nil {
		list = m.opts.Remote.Streams(now)
	}
	for _, s := range m.all() {
		list = append(list, s.snapshot(now))
	}
	return list
}
