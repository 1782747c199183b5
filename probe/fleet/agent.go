package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// AgentOptions say who an agent is.
type AgentOptions struct {
	Connection Connection
	Event      string // "" is the only one that the NATS has
	Vantage    string
	Name       string // letters, digits, dashes and underscores; unique in its vantage
	Version    string // of streamwatch
	Log        *zap.Logger
}

// Agent watches the streams of the shards that it is dealt.
type Agent struct {
	o       AgentOptions
	log     *zap.Logger
	room    *room
	members members
	clock   clock
	started time.Time
	self    *lease // of its membership
	lastSaw time.Time
	company bool // others of the vantage were alive when NATS was last reached

	mu     sync.Mutex
	shards map[int]*shard

	transport http.RoundTripper // in tests; nil is the monitor's own
	told      time.Duration     // the difference of the clocks that the log knows
}

// shard is a part of the event whose lease the agent has.
type shard struct {
	*lease
	since uint64 // when it was taken, Unix milliseconds by the hub's clock
}

// NewAgent returns an agent that has not begun.
func NewAgent(o AgentOptions) *Agent {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	o.Connection.Log = o.Log
	return &Agent{o: o, log: o.Log, started: time.Now(), shards: map[int]*shard{}}
}

// Run watches until ctx is done. It waits for NATS and for a hub, and fails when
// it is refused.
func (a *Agent) Run(ctx context.Context) error {
	conn, err := connect(ctx, a.o.Connection)
	if err != nil {
		return ended(ctx, err)
	}
	defer conn.Close()
	a.room, err = enterRoom(ctx, conn, a.o.Event, func(err error) { a.log.Warn("waiting for a hub", zap.Error(err)) })
	if err != nil {
		return ended(ctx, err)
	}
	plan, err := a.nextPlan(ctx, &Plan{})
	if err != nil || plan == nil {
		return ended(ctx, err)
	}
	if err := a.join(ctx); err != nil {
		return ended(ctx, err)
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go a.members.follow(watching, a.room.leases)
	out := &outbox{log: a.log, js: a.room.js, to: a.room.names, self: a.head, boot: a.started.UnixMilli()}
	for plan != nil && err == nil {
		plan, err = a.follow(ctx, plan, out)
	}
	a.self.release(context.WithoutCancel(ctx))
	return ended(ctx, err)
}

// ended is err, unless we were told to end.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && !isFailure(err) {
		return nil
	}
	return err
}

func isFailure(err error) bool {
	_, is := errors.AsType[*probe.HintError](err)
	return is
}

// head is what the agent's messages begin with.
func (a *Agent) head() head { return head{Protocol, a.o.Vantage, a.o.Name, a.clock.get()} }

// join makes the agent a member of its vantage.
func (a *Agent) join(ctx context.Context) (err error) {
	a.measure(ctx)
	for told := false; ; told = true {
		a.self, err = take(ctx, a.room.leases, memberKey(a.o.Vantage, a.o.Name), a.member())
		if !errors.Is(err, errTaken) {
			return err
		}
		if told && time.Since(a.started) > 2*leaseTime {
			return probe.WithHint(
				fmt.Errorf("another agent named %q is alive in vantage %s", a.o.Name, a.o.Vantage),
				"give each its own --name",
			)
		}
		select {
		case <-time.After(renewEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (a *Agent) member() []byte {
	text, err := json.Marshal(Member{a.o.Name, a.o.Vantage, a.o.Version, Protocol, a.started.UTC(), a.clock.get()})
	if err != nil {
		panic(err) // a struct of plain fields
	}
	return text
}

// measure learns by how much the clocks differ, and says so when it matters.
func (a *Agent) measure(ctx context.Context) {
	changed, err := a.clock.measure(ctx, a.room.conn, a.room.clock())
	if err != nil || !changed {
		return
	}
	if offset := a.clock.get(); (offset - a.told).Abs() >= clockTell {
		a.told = offset
		a.log.Warn("this machine's clock differs from the hub's: times are corrected", zap.Duration("behind", offset))
	}
}

// follow watches as one plan says. It returns the next one, nil when ctx is done.
func (a *Agent) follow(ctx context.Context, plan *Plan, out *outbox) (*Plan, error) {
	opts, err := readSetup(plan.Setup, new(fetch.Secrets))
	if err != nil {
		return nil, err
	}
	shards := plan.Shards
	d := newDesk(opts, func(stream string) uint64 { return a.taken(shardOf(stream, shards)) }, a.clock.milli)
	streams := opts.Streams
	opts.Transport = a.transport
	opts.Streams, opts.Desk, opts.Sinks, opts.Log, opts.Resume = nil, d, []probe.Sink{out}, a.log, nil
	m := monitor.New(opts)
	w := &watch{
		agent: a, monitor: m, desk: d, out: out, plan: plan, streams: byShard(streams, shards),
		changes: make(chan *change),
	}
	pokes, err := a.room.conn.Subscribe(a.room.poke(), func(msg *nats.Msg) { w.poke(msg.Data) })
	if err != nil {
		return nil, err
	}
	defer func() { _ = pokes.Unsubscribe() }()
	running, stop := context.WithCancel(ctx)
	var parts sync.WaitGroup
	parts.Go(func() { m.Run(running) })
	parts.Go(func() { w.send(running) })
	parts.Go(func() { w.keepLeases(running) })
	a.log.Info(
		"watching",
		zap.String("event", plan.Event),
		zap.String("vantage", a.o.Vantage),
		zap.String("agent", a.o.Name),
		zap.Int("streams", len(streams)),
	)
	next, err := a.nextPlan(ctx, plan)
	for next != nil && err == nil {
		c := changeOf(plan, next, opts.Secrets)
		if c == nil {
			break
		}
		plan, next = next, nil
		select {
		case w.changes <- c:
			next, err = a.nextPlan(ctx, plan)
		case <-ctx.Done():
		}
	}
	stop()
	parts.Wait()
	a.leave(context.WithoutCancel(ctx))
	return next, err
}

func byShard(streams []monitor.Stream, shards int) map[int][]monitor.Stream {
	m := map[int][]monitor.Stream{}
	for _, s := range streams {
		n := shardOf(s.Name, shards)
		m[n] = append(m[n], s)
	}
	return m
}

// taken is when the lease of a shard was taken, Unix milliseconds.
func (a *Agent) taken(n int) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.shards[n]; s != nil {
		return s.since
	}
	return 0
}

// leave gives up all shards.
func (a *Agent) leave(ctx context.Context) {
	a.mu.Lock()
	held := a.shards
	a.shards = map[int]*shard{}
	a.mu.Unlock()
	var all sync.WaitGroup
	for _, s := range held {
		all.Go(func() { s.release(ctx) })
	}
	all.Wait()
}
