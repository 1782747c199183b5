package inspect

import (
	"context"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/report"
)

// watchFor watches live streams until the time is over and every playlist was
// polled twice. The verdict is that of the last moment where it says more than
// the findings: blind, waiting or ended, or down by several findings together.
func watchFor(ctx context.Context, o monitor.Options, limit time.Duration) ([]report.Finding, probe.Verdict) {
	seen := newCollector()
	o.Sinks = []probe.Sink{seen}
	m := monitor.New(o)
	watching, stop := context.WithTimeout(ctx, 2*limit+lookDeadline)
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { m.Run(watching) })
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for done := false; !done; {
		select {
		case <-timer.C:
			timer.Reset(200 * time.Millisecond)
			done = m.Ready() && seen.twice()
		case <-watching.Done():
			done = true
		}
	}
	last := m.Snapshot()
	stop()
	running.Wait()
	found := seen.findings()
	for i := range last.Streams {
		for _, a := range last.Streams[i].Advice {
			found = append(found, report.AdviceOf(last.Streams[i].Name, &a))
		}
	}
	verdict := last.Verdict
	if verdict == probe.OK || verdict == probe.Degraded {
		verdict = ""
	}
	return found, verdict
}
