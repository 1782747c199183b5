package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// watch is an agent at work on one plan.
type watch struct {
	agent   *Agent
	monitor *monitor.Monitor
	desk    *desk
	out     *outbox
	reports int          // how many were made
	changes chan *change // is made between two rounds of leases

	// Only the goroutine that keeps the leases uses these, and those that it waits for.
	plan    *Plan
	streams map[int][]monitor.Stream // by shard
}

// shownAlways is for how many streams the page is told of each once a second. Of
// more it is told more rarely: what is shown is the largest part of a report.
const shownAlways = 200

// shows reports whether the page is told in this second how a stream looks.
func (w *watch) shows(stream string, of int) bool {
	turns := min(of/shownAlways, 9) + 1
	return shardOf(stream, turns) == w.reports%turns
}

// lastReport is how long the last report may take to leave at an end.
const lastReport = 3 * time.Second

// send sends views as they change and reports once a second, until ctx is done;
// then what is left.
func (w *watch) send(ctx context.Context) {
	report, measure := time.NewTicker(reportEvery), time.NewTicker(clockEvery)
	defer report.Stop()
	defer measure.Stop()
	for {
		select {
		case <-w.desk.urgent:
			w.out.views(ctx, w.desk)
			if !probe.Pause(ctx, viewsApart) {
				continue
			}
		case <-report.C:
			w.report(ctx)
		case <-measure.C:
			w.agent.measure(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastReport)
			defer cancel()
			w.out.views(last, w.desk)
			w.report(last)
			return
		}
	}
}

// report sends how the streams look that were looked at, and their numbers.
func (w *watch) report(ctx context.Context) {
	seen, control, busy := w.desk.looked()
	names := make(map[string]bool, len(seen))
	w.reports++
	of := w.desk.streams()
	for i := range seen {
		if v := &seen[i].view; v.Sick != nil || w.shows(v.Stream, of) {
			names[v.Stream] = true
		}
	}
	shown := map[string]*probe.StreamSnapshot{}
	for _, s := range w.monitor.Looks(names) {
		shown[s.Name] = &s
	}
	looks := make([]streamLook, 0, len(seen))
	for i := range seen {
		p := &seen[i]
		looks = append(looks, streamLook{
			order: p.order, Stream: p.view.Stream, At: p.view.At, Base: p.view.Base, Pulses: toPulses(&p.view),
			Sick:  p.view.Sick != nil,
			Shown: shown[p.view.Stream],
		})
	}
	w.out.pack(time.Now(), looks, control, busy)
	w.out.flush(ctx)
}

// poke has a target polled at once, as the hub asks.
func (w *watch) poke(data []byte) {
	var m pokeMessage
	if read(data, &m, &m.head) == nil {
		w.monitor.Poke(probe.Target(m.Target))
	}
}

// pokeMessage asks all agents to poll a target at once.
type pokeMessage struct {
	head
	Target wireTarget `json:"target"`
}

// keepLeases renews the leases that the agent has, takes those that it is dealt
// and gives back those that it is not, until ctx is done.
func (w *watch) keepLeases(ctx context.Context) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		w.round(ctx)
		select {
		case <-tick.C:
		case c := <-w.changes:
			w.take(c)
		case <-ctx.Done():
			return
		}
	}
}

func (w *watch) round(ctx context.Context) {
	a := w.agent
	a.self.value = a.member()
	err := a.self.renew(ctx)
	if errors.Is(err, errTaken) {
		a.log.Error("another agent has this one's name", zap.String("name", a.o.Name))
	}
	if ctx.Err() != nil {
		return
	}
	now := time.Now()
	mine := a.members.at(a.o.Vantage, now)
	if err == nil {
		a.lastSaw, a.company = now, len(mine) > 1
		w.deal(ctx, append(mine, a.o.Name))
		return
	}
	w.expire(now)
}

// deal makes the leases those that the agent is dealt.
func (w *watch) deal(ctx context.Context, members []string) {
	var all sync.WaitGroup
	for n := range w.plan.Shards {
		w.agent.mu.Lock()
		held := w.agent.shards[n]
		w.agent.mu.Unlock()
		switch mine := len(w.streams[n]) > 0 && owner(n, members) == w.agent.o.Name; {
		case mine && held == nil:
			all.Go(func() { w.takeShard(ctx, n) })
		case mine:
			all.Go(func() { w.renewShard(ctx, n, held) })
		case held != nil:
			all.Go(func() {
				w.drop(n, "another agent is dealt it, or it has no streams any more")
				held.release(ctx)
			})
		}
	}
	all.Wait()
}

func (w *watch) takeShard(ctx context.Context, n int) {
	a := w.agent
	l, err := take(ctx, a.room.leases, fmt.Sprintf("%s%s.%d", shardPrefix, a.o.Vantage, n), a.name())
	if err != nil {
		return // another one has it for now, or NATS is away: the next round tries again
	}
	a.mu.Lock()
	a.shards[n] = &shard{l, a.clock.milli()}
	a.mu.Unlock()
	for _, s := range w.streams[n] {
		w.monitor.Set(s)
	}
}

// name tells this process from all others.
func (a *Agent) name() []byte {
	text, err := json.Marshal(map[string]any{"agent": a.o.Name, "started": a.started.UnixMilli()})
	if err != nil {
		panic(err) // a map of plain values
	}
	return text
}

func (w *watch) renewShard(ctx context.Context, n int, s *shard) {
	switch err := s.renew(ctx); {
	case errors.Is(err, errTaken):
		w.drop(n, "another agent took it")
	case err != nil && !s.valid(time.Now()) && w.agent.company:
		w.drop(n, "its lease could not be renewed")
	}
}

// expire drops what another agent may have by now. An agent that is alone at its
// vantage goes on: nobody else there can take over from it.
func (w *watch) expire(now time.Time) {
	a := w.agent
	if !a.company {
		return
	}
	a.mu.Lock()
	var over []int
	for n, s := range a.shards {
		if s.orphaned = a.self.orphaned; !s.valid(now) {
			over = append(over, n)
		}
	}
	a.mu.Unlock()
	for _, n := range over {
		w.drop(n, "its lease could not be renewed")
	}
}

// drop ends watching a shard.
func (w *watch) drop(n int, why string) {
	w.agent.mu.Lock()
	_, held := w.agent.shards[n]
	delete(w.agent.shards, n)
	w.agent.mu.Unlock()
	if !held {
		return
	}
	w.leave(w.streams[n], why)
	w.agent.log.Info(
		"a shard is given up",
		zap.Int("shard", n),
		zap.Int("streams", len(w.streams[n])),
		zap.String("because", why),
	)
}
