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

// receivers are those whom the monitor itself tells of incidents. They are one
// sink that stays while the event changes: another sender takes the place of the
// one before, once that has told what it was given. Nothing is told twice, since
// the new one knows which incidents are open, and nothing is lost.
type receivers struct {
	make func(*configs.Event, []probe.Incident) sender
	log  *zap.Logger
	next chan *configs.Event // whose receivers are the ones from now on; the newest

	taking sync.Mutex                // held while a batch is taken, and while the sender changes; before mu
	open   map[string]probe.Incident // that were passed on

	mu  sync.Mutex
	now sender // nil where the event has no receivers
}

func newReceivers(of func(*configs.Event, []probe.Incident) sender, e *configs.Event, open []probe.Incident, log *zap.Logger) *receivers {
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
	if now := r.sender(); now != nil {
		if err := now.Write(ctx, b); err != nil {
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

// Health is that of the sender, where it knows better than its Write how it fares.
func (r *receivers) Health() probe.SinkHealth {
	if own, ok := r.sender().(interface{ Health() probe.SinkHealth }); ok {
		return own.Health()
	}
	return probe.SinkHealth{}
}

// sender returns what sends now, nil where nobody is told.
func (r *receivers) sender() sender {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// change makes the receivers of another event those that are told. It does not
// wait for the ones before.
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
			r.replace(ctx, e, &stop)
		case <-ctx.Done():
			stop()
			return nil
		}
	}
}

// start runs the sender that there is, and returns what ends it and waits.
func (r *receivers) start(ctx context.Context) (stop func()) {
	now := r.sender()
	if now == nil {
		return func() {}
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := now.Run(own); err != nil {
			r.log.Error("a sink ended", zap.String("sink", now.Name()), zap.Error(err))
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// replace lets the sender tell what it has, and puts the one of another event in
// its place. Batches wait meanwhile, in the queue of the fan-out.
func (r *receivers) replace(ctx context.Context, e *configs.Event, stop *func()) {
	r.taking.Lock()
	defer r.taking.Unlock()
	(*stop)()
	next := r.make(e, slices.Collect(maps.Values(r.open)))
	r.mu.Lock()
	r.now = next
	r.mu.Unlock()
	*stop = r.start(ctx)
}
