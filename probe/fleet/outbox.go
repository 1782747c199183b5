package fleet

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	reportEvery = time.Second
	viewsApart  = 250 * time.Millisecond // views of one stream: a diagnosis is not made more often
	spoolBytes  = 64 << 20               // of reports that wait for NATS; the oldest go first
	bufferRows  = 100_000                // samples of one second at most
	rowsInOne   = 2000                   // samples in one report, about
	looksInOne  = 100                    // streams in one report
)

// outbox sends what an agent sees. What NATS did not store yet is kept, within
// bounds: of views the newest, of reports the newest spoolBytes.
type outbox struct {
	log  *zap.Logger
	js   jetstream.JetStream
	to   names
	self func() head // by now

	mu      sync.Mutex
	samples []probe.Sample
	dropped uint64 // samples since the start
	told    uint64 // of those that the log knows

	spool []parcel
	size  int
	next  uint64
	boot  int64     // tells this process from one before with the same name
	since time.Time // when NATS began to refuse; zero while it does not
	said  bool      // that it does
}

// patience is for how long NATS may refuse before that is said: its streams have
// no leader for a moment now and then.
const patience = 2 * time.Second

// parcel is a report that is ready to be sent.
type parcel struct {
	id      string
	data    []byte
	samples int
}

// Name returns "hub".
func (*outbox) Name() string { return "hub" }

// Write takes a batch. It never fails and never waits.
func (o *outbox) Write(_ context.Context, b probe.Batch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.samples = append(o.samples, b.Samples...)
	if over := len(o.samples) - bufferRows; over > 0 {
		o.samples, o.dropped = o.samples[over:], o.dropped+uint64(over)
	}
	return nil
}

// pack makes reports of what came in since the last call.
func (o *outbox) pack(now time.Time, looks []streamLook, c *controlMessage, b *busyMessage) {
	o.mu.Lock()
	samples, dropped := rows(o.samples), o.dropped
	o.samples = nil
	o.mu.Unlock()
	for first := true; first || len(samples) > 0 || len(looks) > 0; first = false {
		n, k := min(len(samples), rowsInOne), min(len(looks), looksInOne)
		o.next++
		m := reportMessage{
			head: o.self(), ID: fmt.Sprintf("%s-%d-%d", o.self().Agent, o.boot, o.next), At: now, Dropped: dropped,
			Control: c, Busy: b,
		}
		var data []byte
		for err := error(nil); ; n, k = (n+1)/2, (k+1)/2 {
			m.Rows, m.Looks = samples[:n], looks[:k]
			if data, err = m.encode(); err != nil {
				o.log.Error("a report cannot be written", zap.Error(err))
				break
			}
			if len(data) <= maxMessage || n <= 1 && k <= 1 {
				data = fit(data)
				o.spool = append(o.spool, parcel{m.ID, data, n})
				o.size += len(data)
				break
			}
		}
		samples, looks = samples[n:], looks[k:]
	}
	for o.size > spoolBytes && len(o.spool) > 1 {
		o.size -= len(o.spool[0].data)
		o.mu.Lock()
		o.dropped += uint64(o.spool[0].samples)
		o.mu.Unlock()
		o.spool = o.spool[1:]
	}
}

// flush sends reports until NATS refuses one, and says when that begins and ends.
func (o *outbox) flush(ctx context.Context) {
	sent := 0
	for len(o.spool) > 0 {
		p := o.spool[0]
		m := &nats.Msg{Subject: o.to.report(o.self().Vantage, o.self().Agent), Data: p.data}
		switch err := o.publish(ctx, m, jetstream.WithMsgID(p.id)); {
		case tooLarge(err): // else nothing would ever come after it
			o.log.Error("a report is too large for NATS, and is given up", zap.Int("bytes", len(p.data)), zap.Error(err))
			o.mu.Lock()
			o.dropped += uint64(p.samples)
			o.mu.Unlock()
		case err != nil:
			o.refused(err)
			return
		}
		o.spool, o.size = o.spool[1:], o.size-len(p.data)
		sent++
	}
	if o.said {
		o.log.Info(
			"NATS takes reports again",
			zap.Duration("after", time.Since(o.since)),
			zap.Int("kept_reports_sent", sent),
		)
	}
	o.since, o.said = time.Time{}, false
}

func (o *outbox) refused(err error) {
	if o.since.IsZero() {
		o.since = time.Now()
	}
	if !o.said && time.Since(o.since) >= patience {
		o.said = true
		o.log.Warn("NATS does not take reports: they are kept, and watching goes on", zap.Error(err))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dropped > o.told {
		o.log.Error("samples are given up: NATS has been away for too long", zap.Uint64("samples", o.dropped-o.told))
		o.told = o.dropped + 100_000 // not with each report
	}
}

// publish has a message stored.
func (o *outbox) publish(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) error {
	ctx, cancel := context.WithTimeout(ctx, 2*askTimeout)
	defer cancel()
	_, err := o.js.PublishMsg(ctx, m, append(opts, jetstream.WithRetryAttempts(0))...)
	return err
}

// views sends what streams show. One that is refused is sent again, in its
// newest form.
func (o *outbox) views(ctx context.Context, d *desk) {
	list := d.take()
	for i, p := range list {
		h := o.self()
		data, err := encodeView(h, p.order, &p.view, d.busyNow())
		if err != nil {
			o.log.Error("a view cannot be written", zap.String("stream", p.view.Stream), zap.Error(err))
			continue
		}
		err = o.publish(ctx, &nats.Msg{Subject: o.to.view(h.Vantage, p.view.Stream), Data: data})
		if tooLarge(err) {
			o.log.Error("what a stream shows is too large for NATS, and is not told",
				zap.String("stream", p.view.Stream), zap.Int("bytes", len(data)), zap.Error(err))
			continue
		}
		if err != nil {
			for _, rest := range list[i:] {
				d.back(rest.view.Stream)
			}
			o.refused(err)
			return
		}
	}
}
