package fleet

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// run takes in what agents say until ctx is done.
func (l *Leading) run(ctx context.Context) {
	room := l.hub.room
	clock, err := answerClock(room.conn, room.clock())
	if err == nil {
		defer func() { _ = clock.Unsubscribe() }()
	}
	go l.members.follow(ctx, room.leases)
	for ctx.Err() == nil {
		stop, err := l.consume(ctx)
		if err != nil {
			l.log.Warn("agents cannot be heard", zap.Error(err))
			sleep(ctx, retryConnect)
			continue
		}
		if l.tend(ctx); ctx.Err() == nil {
			l.log.Warn("no agent is heard, though some are alive: asking NATS anew")
		}
		stop()
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
	defer cancel()
	l.acknowledge(last)
}

// consume has views and reports handled as they come.
func (l *Leading) consume(ctx context.Context) (stop func(), err error) {
	room := l.hub.room
	views, err := room.js.OrderedConsumer(ctx, room.viewStream(), jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy})
	if err != nil {
		return nil, err
	}
	reports, err := room.js.CreateOrUpdateConsumer(ctx, room.reportStream(), jetstream.ConsumerConfig{
		Durable: "hub", AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Minute, MaxAckPending: 50_000,
	})
	if err != nil {
		return nil, err
	}
	complain := jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) { l.log.Debug("NATS on what agents say", zap.Error(err)) })
	one, err := views.Consume(func(m jetstream.Msg) {
		l.view(m.Data())
		if meta, err := m.Metadata(); err == nil && meta.NumPending == 0 {
			l.replayed.Do(func() { l.book.Hold(time.Time{}) })
		}
	}, complain)
	if err != nil {
		return nil, err
	}
	two, err := reports.Consume(l.report, complain)
	if err != nil {
		one.Stop()
		return nil, err
	}
	return func() { one.Stop(); two.Stop() }, nil
}

// deaf is for how long no report may come while agents are alive, who send one a
// second, until what brings them is made anew: a server that died may have had it.
const deaf = 2 * leaseTime

// tend does what is due by time, until ctx is done or nothing is heard.
func (l *Leading) tend(ctx context.Context) {
	began := time.Now()
	second, store, beat := time.NewTicker(time.Second), time.NewTicker(storeEvery), time.NewTicker(2*leaseTime)
	defer second.Stop()
	defer store.Stop()
	defer beat.Stop()
	for {
		select {
		case now := <-second.C:
			l.count(now)
			l.impact(now)
			l.mu.Lock()
			silent := now.Sub(later(began, l.heard))
			l.mu.Unlock()
			if silent > deaf && len(l.members.alive(now)) > 0 && l.hub.room.conn.IsConnected() {
				return
			}
		case <-store.C:
			l.acknowledge(ctx)
		case now := <-beat.C:
			l.beat(now)
		case <-ctx.Done():
			return
		}
	}
}

// newer reports whether a message about a stream is newer than those before it,
// and wanted at all.
func (l *Leading) newer(k at, o order) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known[k.stream] || !l.wanted(k.vantage) {
		return false
	}
	if _, seen := l.alive[k.vantage]; !seen {
		l.alive[k.vantage] = time.Time{}
	}
	if was, seen := l.orders[k]; seen && !o.after(was) {
		return false
	}
	l.orders[k] = o
	return true
}

func (l *Leading) wanted(vantage string) bool { return l.hub.o.Plan.allows(vantage) == nil }

// view takes in what a vantage knows of a stream.
func (l *Leading) view(data []byte) {
	v, o, err := decodeView(data)
	if err != nil {
		l.complain("a view of an agent cannot be read", err)
		return
	}
	left := v.Sick != nil && time.Since(v.At) > oldView
	if left || !l.newer(at{v.Vantage, v.Stream}, o) {
		return
	}
	v.At = time.Now() // one clock for all diagnoses
	l.take(probe.Batch{At: v.At, Event: l.hub.o.Plan.Event}, l.book.Report(v))
}

// complain logs what is wrong with messages, each cause once.
func (l *Leading) complain(what string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.told[err.Error()] && len(l.told) < 100 {
		l.told[err.Error()] = true
		l.log.Error(what, zap.Error(err))
	}
}

// report takes in what an agent saw in a second. It is acknowledged once its
// numbers are stored.
func (l *Leading) report(msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		return
	}
	m, err := decodeReport(msg.Data())
	if err != nil || !l.wanted(m.Vantage) {
		if err != nil {
			l.complain("a report of an agent cannot be read", err)
		}
		_ = msg.Term() // nobody can ever read it
		return
	}
	l.mu.Lock()
	again := l.handled[meta.Sequence.Stream]
	l.heard = time.Now()
	l.handled[meta.Sequence.Stream] = true
	l.mu.Unlock()
	if again {
		return
	}
	if c := m.Control; c != nil && l.fresh(m.Agent, c.Asked) {
		l.book.ControlFrom(m.Vantage, c.OK, c.Asked, c.Took)
	}
	if m.Busy != nil && time.Since(m.Busy.Until) < 0 {
		l.book.BusyFrom(m.Vantage, incident.Busy{From: m.Busy.From, Until: m.Busy.Until})
	}
	if m.Dropped > 0 {
		l.complain("an agent gave up samples: it could not reach NATS for too long", errGaveUp(m.Agent))
	}
	for i := range m.Looks {
		l.looked(m, &m.Looks[i])
	}
	if len(l.vantages()) < 2 {
		m.Vantage = "" // there is no other that its numbers were to be told from
	}
	batches := l.byStream(m)
	batches[len(batches)-1].Receipt = stored{msg, meta.Sequence.Stream}
	for _, b := range batches {
		l.monitor.Send(b)
	}
}

// fresh reports whether an agent has asked the control URL again: each report
// says how it answered last.
func (l *Leading) fresh(agent string, asked time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !asked.After(l.asked[agent]) {
		return false
	}
	l.asked[agent] = asked
	return true
}

type errGaveUp string

func (e errGaveUp) Error() string { return "agent " + string(e) }

// byStream makes a batch for each stream of a report, one at least.
func (l *Leading) byStream(m *reportMessage) []probe.Batch {
	event := l.hub.o.Plan.Event
	list, muted := []probe.Batch{{At: m.At, Event: event}}, false
	for _, s := range m.samples() {
		if last := &list[len(list)-1]; last.Stream != s.Stream && len(last.Samples) > 0 {
			list = append(list, probe.Batch{At: m.At, Event: event})
		}
		last := &list[len(list)-1]
		if last.Stream != s.Stream {
			muted = l.book.Verdict(s.Stream).Muted
		}
		s.Muted = muted && monitor.MayAlarm(s.Metric, s.Value)
		last.Stream, last.Samples = s.Stream, append(last.Samples, s)
	}
	return list
}

// looked takes in how a stream looks from a vantage.
func (l *Leading) looked(m *reportMessage, s *streamLook) {
	k := at{m.Vantage, s.Stream}
	l.mu.Lock()
	old := !l.known[s.Stream] || s.Lease < l.orders[k].Lease
	switch was := l.looks[k]; {
	case old:
	case s.Shown != nil && (was == nil || m.At.After(was.at)):
		l.looks[k] = &look{*s.Shown, m.At, m.At}
	case was != nil:
		was.seen = m.At
	}
	l.mu.Unlock()
	if old || s.Sick || !l.newer(k, s.order) {
		return
	}
	if v, err := m.view(s); err == nil {
		v.At = time.Now()
		l.take(probe.Batch{At: v.At, Event: l.hub.o.Plan.Event}, l.book.Report(v))
	}
}

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
	l.mu.Unlock()
	for v, here := range changed {
		if here {
			l.log.Info("a vantage has agents again", zap.String("vantage", v))
		} else {
			l.log.Error("a vantage is gone: none of its agents is alive", zap.String("vantage", v))
		}
		l.take(probe.Batch{At: now, Event: l.hub.o.Plan.Event}, l.book.Watched(v, here, now))
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
	for _, name := range l.named() {
		if !fresh[name] {
			continue
		}
		v := l.book.Verdict(name)
		b := probe.Batch{At: now, Event: l.hub.o.Plan.Event, Stream: name}
		for _, side := range probe.Sides {
			b.Samples = append(b.Samples, probe.Sample{Metric: probe.ViewerImpact, Stream: name, Side: side, Value: v.Impact[side], At: now})
		}
		silenced := 0.0
		if v.Silenced != nil {
			silenced = 1
		}
		for metric, value := range map[*probe.Metric]float64{probe.OpenIncidents: float64(len(v.Open)), probe.Silenced: silenced} {
			b.Samples = append(b.Samples, probe.Sample{Metric: metric, Stream: name, Value: value, At: now})
		}
		l.monitor.Send(b)
	}
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

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
