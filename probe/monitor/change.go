package monitor

import (
	"context"
	"slices"
	"sync"
)

// An event changes while it is watched: streams come and go. Whatever is not
// named goes on as if nothing had happened.

// changes is what the methods that change an event need of its Run.
type changes struct {
	mu       sync.Mutex      // held by one change at a time
	ctx      context.Context //nolint:containedctx // of Run, for streams that begin later; nil before
	watching *sync.WaitGroup // of Run
	over     bool            // Run is ending: nothing begins any more
}

// all returns the streams that are watched now. The list does not change.
func (m *Monitor) all() []*stream { return *m.streams.Load() }

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
	m.changes.watching.Go(func() {
		defer close(s.stopped)
		defer stop()
		s.run(own)
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
// one with its name.
func (m *Monitor) Set(cfg Stream) {
	m.changes.mu.Lock()
	defer m.changes.mu.Unlock()
	list := slices.Clone(m.all())
	i := slices.IndexFunc(list, func(s *stream) bool { return s.cfg.Name == cfg.Name })
	if i >= 0 {
		list[i].halt()
	}
	s := newStream(m, cfg)
	s.late = true
	if i >= 0 {
		list[i] = s
	} else {
		list = append(list, s)
	}
	m.streams.Store(&list)
	m.start(s)
}

// Remove takes a stream from the event, and reports whether there was one.
func (m *Monitor) Remove(name, _ string) bool {
	m.changes.mu.Lock()
	defer m.changes.mu.Unlock()
	list := slices.Clone(m.all())
	i := slices.IndexFunc(list, func(s *stream) bool { return s.cfg.Name == name })
	if i < 0 {
		return false
	}
	gone := list[i]
	list = slices.Delete(list, i, i+1)
	m.streams.Store(&list)
	gone.halt()
	return true
}
