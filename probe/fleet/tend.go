package fleet

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// count takes in which vantages have agents.
func (l *Leading) count(now time.Time) {
	if !l.hub.room.conn.IsConnected() {
		return // nobody is heard: it is we who are away
	}
	l.mu.Lock()
	for _, m := range l.members.alive(now) {
		if !l.wanted(m.Vantage) {
			continue
		}
		l.alive[m.Vantage] = now
		if name := m.Vantage + "." + m.Agent; m.Clock.Abs() >= clockTell && !l.told[name] {
			l.told[name] = true
			l.log.Warn("an agent's clock differs from this hub's: its times are corrected",
				zap.String("vantage", m.Vantage), zap.String("agent", m.Agent), zap.Duration("behind", m.Clock))
		}
	}
	changed := map[string]bool{}
	for v, last := range l.alive {
		limit := goneAfter
		if last.IsZero() {
			last, limit = l.began, goneAtFirst
		}
		gone := now.Sub(last) >= limit
		if gone && l.gone[v].IsZero() && l.members.any(v, l.hub.room.leases) {
			l.alive[v], gone = now, false // it was not heard, and is there
		}
		if was := !l.gone[v].IsZero(); gone != was {
			changed[v] = !gone
			if delete(l.gone, v); gone {
				l.gone[v] = now
			}
		}
	}
	over := l.over(now)
	l.mu.Unlock()
	for v, here := range changed {
		if here {
			l.log.Info("a vantage has agents again", zap.String("vantage", v))
		} else {
			l.log.Error("a vantage is gone: none of its agents is alive", zap.String("vantage", v))
		}
		l.take(probe.Batch{At: now, Event: l.hub.o.Plan.Event}, l.book.Watched(v, here, now))
	}
	for _, v := range over {
		l.forget(v, now)
	}
}

// over takes out the vantages that are forgotten, and returns them: the event does not
// name them, and for long nobody has watched from there although somebody does from
// elsewhere. The caller holds the lock.
func (l *Leading) over(now time.Time) (names []string) {
	for v, since := range l.gone {
		named := slices.Contains(l.hub.o.Plan.Vantages, v)
		if named || now.Sub(since) < forgottenAfter || len(l.gone) == len(l.alive) || l.members.any(v, l.hub.room.leases) {
			continue
		}
		names = append(names, v)
		delete(l.alive, v)
		delete(l.gone, v)
		for k := range l.orders {
			if k.vantage == v {
				delete(l.looks, k)
				delete(l.orders, k)
			}
		}
	}
	return names
}

// forget closes what is said of a vantage that is over, and removes what it left in NATS,
// from which the next hub would learn of it again.
func (l *Leading) forget(vantage string, now time.Time) {
	l.log.Warn("a vantage is forgotten: none of its agents was alive for an hour",
		zap.String("vantage", vantage), zap.String("hint", "name it in fleet.vantages to be told for as long as it is gone"))
	l.take(probe.Batch{At: now, Event: l.hub.o.Plan.Event},
		l.book.Forget(vantage, now, "fleet.vantages does not name it, and none of its agents was alive for an hour"))
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	room := l.hub.room
	if err := room.remove(ctx, room.viewStream(), room.view(vantage, ">")); err != nil {
		l.log.Warn("what a forgotten vantage left in NATS cannot be removed", zap.String("vantage", vantage), zap.Error(err))
	}
}

// impact emits of each stream what only the hub knows.
func (l *Leading) impact(now time.Time) {
	fresh := map[string]bool{}
	l.mu.Lock()
	for k, one := range l.looks {
		if now.Sub(one.seen) < freshFor && l.gone[k.vantage].IsZero() {
			fresh[k.stream] = true
		}
	}
	l.mu.Unlock()
	spent := map[string]*monitor.Spent{}
	for _, name := range l.named() {
		b := probe.Batch{At: now, Event: l.hub.o.Plan.Event, Stream: name}
		v := l.book.Verdict(name)
		if fresh[name] {
			b.Samples = l.hits(name, v, now)
		}
		if fresh[name] || v.Verdict == probe.Blind { // else nobody knows what it was meanwhile
			spent[name] = cmp.Or(l.spent[name], new(monitor.Spent))
			b.Samples = spent[name].Add(b.Samples, name, v, now)
		}
		if len(b.Samples) > 0 {
			l.monitor.Send(b)
		}
	}
	l.spent = spent
}

// hits says whom what is wrong with a stream hits.
func (l *Leading) hits(name string, v incident.Verdict, now time.Time) (samples []probe.Sample) {
	add := func(metric *probe.Metric, side probe.Side, edge string, value float64) {
		samples = append(samples, probe.Sample{Metric: metric, Stream: name, Side: side, Edge: edge, Value: value, At: now})
	}
	add(probe.ViewerImpact, probe.Origin, "", v.Impact[probe.Origin])
	for _, edge := range l.edges {
		add(probe.ViewerImpact, probe.Edge, edge, v.Edges[edge])
	}
	if len(l.edges) == 0 {
		add(probe.ViewerImpact, probe.Edge, "", v.Impact[probe.Edge])
	}
	silenced := 0.0
	if v.Silenced != nil {
		silenced = 1
	}
	add(probe.OpenIncidents, probe.NoSide, "", float64(len(v.Open)))
	add(probe.Silenced, probe.NoSide, "", silenced)
	return samples
}

// beat emits the heartbeat of each vantage that has agents.
func (l *Leading) beat(now time.Time) {
	b := probe.Batch{At: now, Event: l.hub.o.Plan.Event}
	l.mu.Lock()
	for v, last := range l.alive {
		if l.gone[v].IsZero() && !last.IsZero() {
			b.Samples = append(b.Samples, probe.Sample{Metric: probe.MonitorHeartbeat, Vantage: v, Value: 1, At: now})
		}
	}
	l.mu.Unlock()
	if len(b.Samples) > 0 {
		l.monitor.Send(b)
	}
}

// stored is the receipt of a report.
type stored struct {
	jetstream.Msg
	seq uint64
}

// Store makes a sink that acknowledges reports once it has stored them for good,
// as flush does.
func (l *Leading) Store(sink probe.Sink, flush func(context.Context) error) probe.Sink {
	l.flush = flush
	return storing{sink, l}
}

type storing struct {
	probe.Sink
	l *Leading
}

// Write writes a batch and notes its receipt.
func (s storing) Write(ctx context.Context, b probe.Batch) error {
	err := s.Sink.Write(ctx, b)
	if r, ok := b.Receipt.(stored); ok && err == nil {
		s.l.mu.Lock()
		s.l.receipts = append(s.l.receipts, r)
		s.l.mu.Unlock()
	}
	return err
}

// acknowledge stores what came in for good, and says so.
func (l *Leading) acknowledge(ctx context.Context) {
	l.mu.Lock()
	list := l.receipts
	l.receipts = nil
	l.mu.Unlock()
	if len(list) == 0 {
		return
	}
	if err := l.flush(ctx); err != nil {
		l.mu.Lock()
		l.receipts = append(list, l.receipts...)
		l.mu.Unlock()
		return
	}
	for _, r := range list {
		if r.Ack() == nil {
			l.mu.Lock()
			delete(l.handled, r.seq)
			l.mu.Unlock()
		}
	}
}

// Finish acknowledges what was stored last, once the monitor has ended.
func (l *Leading) Finish() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*askTimeout)
	defer cancel()
	l.acknowledge(ctx)
	_ = l.hub.room.conn.FlushWithContext(ctx) // an acknowledgement that is lost has a report sent again
}
