package daemon

import (
	"context"
	"maps"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// receivers are those to whom the monitor itself sends messages about incidents. To the
// monitor they are one sink, which stays while the event changes: new senders replace
// the old ones once these have sent what they were given. The new ones know which
// incidents are open, so that nothing is sent twice and nothing lost.
// A sender takes a batch without waiting, so that none delays another.
type receivers struct {
	make makeSenders
	log  *zap.Logger
	next chan *configs.Event // whose receivers are the ones from now on; the newest

	taking sync.Mutex                // held while a batch is taken, and while the senders change; before mu
	open   map[string]probe.Incident // that were passed on

	mu  sync.Mutex
	now []sender
}

// makeSenders makes what tells an event's receivers. open are the incidents that
// they were told of already.
type makeSenders func(e *configs.Event, open []probe.Incident) []sender

func newReceivers(of makeSenders, e *configs.Event, open []probe.Incident, log *zap.Logger) *receivers {
	r := &receivers{make: of, log: log, next: make(chan *configs.Event, 1), open: map[string]probe.Incident{}}
	for i := range open {
		r.open[open[i].ID] = open[i]
	}
	r.now = of(e, open)
	return r
}

// Name returns "notify".
func (*receivers) Name() string { return "notify" }

// Write passes a batch on.
func (r *receivers) Write(ctx context.Context, b probe.Batch) error {
	if len(b.Incidents) == 0 {
		return nil
	}
	r.taking.Lock()
	defer r.taking.Unlock()
	for _, s := range r.senders() {
		if err := s.Write(ctx, b); err != nil {
			return err
		}
	}
	for _, in := range b.Incidents {
		if r.open[in.ID] = in; !in.Open() {
			delete(r.open, in.ID)
		}
	}
	return nil
}

// senders are those that there are now.
func (r *receivers) senders() []sender {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// health says how each receiver fares. sum is what the monitor knows of the sink
// that they are together.
func (r *receivers) health(sum probe.SinkHealth) (list []probe.SinkHealth) {
	for _, s := range r.senders() {
		h := probe.SinkHealth{}
		if own, ok := s.(interface{ Health() probe.SinkHealth }); ok {
			h = own.Health()
		}
		h.Name, h.Waiting, h.Dropped = s.Name(), h.Waiting+sum.Waiting, h.Dropped+sum.Dropped
		list = append(list, h)
	}
	return list
}

// change puts the receivers of another event in the place of the present ones, without
// waiting for these to finish.
func (r *receivers) change(e *configs.Event) {
	for {
		select {
		case r.next <- e:
			return
		case <-r.next: // an older one
		}
	}
}

// Run sends until ctx is done, and then what is still queued.
func (r *receivers) Run(ctx context.Context) error {
	stop := r.start(ctx)
	for {
		select {
		case e := <-r.next:
			stop = r.replace(ctx, e, stop)
		case <-ctx.Done():
			stop()
			return nil
		}
	}
}

// start runs the senders that there are, and returns what ends them and waits.
func (r *receivers) start(ctx context.Context) (stop func()) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	for _, s := range r.senders() {
		group.Go(func() {
			if err := s.Run(own); err != nil {
				r.log.Error("a sink ended", zap.String("sink", s.Name()), zap.Error(err))
			}
		})
	}
	return func() {
		cancel()
		group.Wait()
	}
}

// replace lets the senders tell what they have, and puts those of another event
// in their place. Batches wait meanwhile, in the queue of the fan-out.
func (r *receivers) replace(ctx context.Context, e *configs.Event, stop func()) func() {
	r.taking.Lock()
	defer r.taking.Unlock()
	stop()
	next := r.make(e, slices.Collect(maps.Values(r.open)))
	r.mu.Lock()
	r.now = next
	r.mu.Unlock()
	return r.start(ctx)
}
