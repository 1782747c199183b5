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
			probe.Pause(ctx, retryConnect)
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
	views, err := room.js.OrderedConsumer(
		ctx,
		room.viewStream(),
		jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy},
	)
	if err != nil {
		return nil, err
	}
	reports, err := room.js.CreateOrUpdateConsumer(ctx, room.reportStream(), jetstream.ConsumerConfig{
		Durable: "hub", AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Minute, MaxAckPending: 50_000,
	})
	if err != nil {
		return nil, err
	}
	complain := jetstream.ConsumeErrHandler(
		func(_ jetstream.ConsumeContext, err error) { l.log.Debug("NATS on what agents say", zap.Error(err)) },
	)
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
			silent := now.Sub(probe.Later(began, l.heard))
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
	v, o, busy, err := decodeView(data)
	if err != nil {
		l.complain("a view of an agent cannot be read", err)
		return
	}
	left := v.Sick != nil && time.Since(v.At) > oldView
	if left || !l.newer(at{v.Vantage, v.Stream}, o) {
		return
	}
	l.busy(v.Vantage, busy)
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
	l.busy(m.Vantage, m.Busy)
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

// busy takes in that an agent does not get to run: nobody is blamed for what it
// times meanwhile.
func (l *Leading) busy(vantage string, b *busyMessage) {
	if b != nil && time.Now().Before(b.Until) {
		l.book.BusyFrom(vantage, incident.Busy{From: b.From, Until: b.Until})
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
