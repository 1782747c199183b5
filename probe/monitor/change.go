package monitor

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// An event changes while it is watched: streams come, go and change, its end
// moves, checks are set otherwise. Whatever is not named goes on as if nothing
// had happened: its polls, what is known of it, its incidents.

// changes is what the methods that change an event need of its Run.
type changes struct {
	mu       sync.Mutex      // held by one change at a time
	ctx      context.Context //nolint:containedctx // of Run, for streams that begin later; nil before
	watching *sync.WaitGroup // of Run
	over     bool            // Run is ending: nothing begins any more
}

// all returns the streams that are watched now. The list does not change.
func (m *Monitor) all() []*stream { return *m.streams.Load() }

// find returns the stream of a name, nil where none of it is watched.
func (m *Monitor) find(name string) *stream {
	s, _ := m.byName.Load(name)
	found, _ := s.(*stream)
	return found
}

// begin starts to watch the streams that there are.
func (m *Monitor) begin(ctx context.Context, watching *sync.WaitGroup) {
	m.changes.mu.Lock()
	defer m.changes.mu.Unlock()
	m.changes.ctx, m.changes.watching = ctx, watching
	for _, s := range m.all() {
		m.start(s)
	}
}

// end says that no stream may begin any more.
func (m *Monitor) end() {
	m.changes.mu.Lock()
	defer m.changes.mu.Unlock()
	m.changes.over = true
}

// start watches a stream, once Run does. The caller holds changes.mu.
func (m *Monitor) start(s *stream) {
	if m.changes.ctx == nil || m.changes.over {
		return
	}
	own, stop := context.WithCancel(m.changes.ctx)
	s.stop = stop
	m.changes.watching.Add(1)
	s.begin(own)
	context.AfterFunc(own, func() {
		defer m.changes.watching.Done()
		defer close(s.stopped)
		s.end()
	})
}

// halt ends what watches a stream, and waits for that.
func (s *stream) halt() {
	if s.stop != nil {
		s.stop()
		<-s.stopped
	}
}

// Set makes a stream one of the event: it is added, or takes the place of the
// one with its name. Incidents of that go on where the fault does: they are
// taken up as after a restart. With another manifest it is another stream: they
// close, and say why, and anew is true. Where only its checks are others, it goes
// on as it is, judged by those.
func (m *Monitor) Set(cfg Stream) (anew bool) {
	m.changes.mu.Lock()
	defer m.changes.mu.Unlock()
	if m.opts.Remote != nil {
		m.opts.Remote.Set(cfg)
		return false
	}
	m.opts.Streams = append(without(m.opts.Streams, cfg.Name), cfg)
	if strings.Contains(cfg.Manifest, "://") {
		for _, p := range m.places {
			p.client.Name(cfg.Manifest)
		}
	}
	list := slices.Clone(m.all())
	i := slices.IndexFunc(list, func(s *stream) bool { return s.cfg.Name == cfg.Name })
	if i >= 0 && list[i].setChecks(cfg) {
		return false
	}
	if i >= 0 {
		list[i].halt()
		now := time.Now()
		var result incident.Result
		if anew = !sameManifest(list[i].cfg.Manifest, cfg.Manifest); anew {
			result = m.desk.Leave(cfg.Name, now, "stream "+cfg.Name+" has another manifest now")
		} else {
			result = m.desk.Restart(cfg.Name, now)
		}
		m.tell(probe.Batch{At: now, Event: m.opts.Event}, result)
	}
	s := newStream(m, cfg)
	s.late = true
	if i >= 0 {
		list[i] = s
	} else {
		list = append(list, s)
	}
	m.streams.Store(&list)
	m.byName.Store(cfg.Name, s)
	for _, p := range m.places {
		p.client.Widen(connsFor(len(list)))
	}
	m.start(s)
	return anew
}

// setChecks sets the checks of a stream otherwise, and reports whether that is all:
// where more differs it does nothing.
func (s *stream) setChecks(next Stream) bool {
	own, before := next.Checks, s.cfg
	before.Checks, next.Checks = nil, nil
	if !reflect.DeepEqual(before, next) {
		return false
	}
	s.checks = own
	s.override()
	return true
}

// override has the stream judged by what the event and the stream itself set.
func (s *stream) override() {
	s.change(func(d *incident.Stream) { d.Override(checks.Over(s.m.opts.Overrides, s.checks)) })
}

// sameManifest reports whether two manifests are of one stream. Tokens in a query
// change all the time.
func sameManifest(a, b string) bool {
	a, _, _ = strings.Cut(a, "?")
	b, _, _ = strings.Cut(b, "?")
	return a == b
}

// Stop ends the polls of streams that are about to be removed. A removal waits for
// the polls under way, so those of many streams end together first.
func (m *Monitor) Stop(names []string) {
	m.changes.mu.Lock()
	defer m.changes.mu.Unlock()
	for _, name := range names {
		if s := m.find(name); s != nil && s.stop != nil {
			s.stop()
		}
	}
}

// Remove takes a stream from the event, and reports whether there was one. Its
// incidents close and say why, also those of a stream that was gone before.
func (m *Monitor) Remove(name, why string) bool {
	m.changes.mu.Lock()
	defer m.changes.mu.Unlock()
	had := false
	if m.opts.Remote != nil {
		had = m.opts.Remote.Remove(name)
	} else {
		had = m.unwatch(name)
	}
	now := time.Now()
	m.tell(probe.Batch{At: now, Event: m.opts.Event, Stream: name}, m.desk.Leave(name, now, why))
	return had
}

// unwatch ends what watches a stream, and reports whether there was one.
func (m *Monitor) unwatch(name string) bool {
	list := slices.Clone(m.all())
	i := slices.IndexFunc(list, func(s *stream) bool { return s.cfg.Name == name })
	if i < 0 {
		return false
	}
	gone := list[i]
	list = slices.Delete(list, i, i+1)
	m.opts.Streams = without(m.opts.Streams, name)
	m.streams.Store(&list)
	m.byName.Delete(name)
	gone.halt()
	return true
}

func without(list []Stream, name string) []Stream {
	return slices.DeleteFunc(slices.Clone(list), func(s Stream) bool { return s.Name == name })
}

// Finish is called when the event is over, and not only this process: the
// incidents that are open when Run ends close, and say why. A monitor that ends
// without it leaves them to the next one.
func (m *Monitor) Finish(why string) { m.finish.Store(&why) }

// Schedule moves the beginning and the end of the event; zero is not stated.
func (m *Monitor) Schedule(starts, ends time.Time) {
	m.changes.mu.Lock()
	defer m.changes.mu.Unlock()
	m.opts.Starts, m.opts.Ends = starts, ends
	m.desk.Schedule(starts, ends)
	m.each(func(d *incident.Stream) { d.Schedule(starts, ends) })
}

// Override sets the checks of the event otherwise. What a stream sets for itself
// stays. What a check found that is off now is taken back with the next look.
func (m *Monitor) Override(overrides map[string]checks.Override) {
	m.changes.mu.Lock()
	defer m.changes.mu.Unlock()
	m.opts.Overrides = maps.Clone(overrides)
	for _, s := range m.all() {
		s.override()
	}
}

// each changes what is known of every stream, between two looks.
func (m *Monitor) each(change func(*incident.Stream)) {
	for _, s := range m.all() {
		s.change(change)
	}
}

// change changes what is known of the stream, between two looks.
func (s *stream) change(by func(*incident.Stream)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	by(s.desk)
}
