package monitor

import (
	"context"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// watchControl asks the control URL whether our own path works, and with as many
// bytes as a probe of a segment takes, how fast it is: every while,
// and at once when a poll failed as our own path could cause.
func (m *Monitor) watchControl(ctx context.Context) {
	client := fetch.New(fetch.Options{Transport: m.opts.Transport, Named: []string{m.opts.Control}})
	defer client.Close()
	tick := time.NewTicker(heartbeat / 2)
	defer tick.Stop()
	for {
		asked := time.Now()
		asking, cancel := context.WithTimeout(ctx, heartbeat/2)
		_, ex := client.Do(asking, fetch.Request{URL: m.opts.Control, First: fetch.HeadBytes})
		cancel()
		if ctx.Err() != nil {
			return
		}
		m.asked.Store(&asked)
		m.opts.Record.Control(ex.Status > 0, asked, ex.Duration())
		m.desk.Control(ex.Status > 0, asked, ex.Duration())
		signal(m.due)
		select {
		case <-tick.C:
		case <-m.doubt:
		case <-ctx.Done():
			return
		}
	}
}

// suspect has the control URL asked at once about a poll that our own path may
// have lost, or a segment that it may have held up, when it was not asked since
// that began.
func (m *Monitor) suspect(o *probe.Observation) {
	asked := m.asked.Load()
	lost := o.Poll() && o.Exchange.Failure.OurPath()
	slow := o.Segment != nil && o.Segment.Media() && o.Exchange.Duration()*2 > o.Segment.Duration
	if (lost || slow) && (asked == nil || !asked.After(o.Exchange.Started)) {
		signal(m.doubt)
	}
}
