package monitor

import (
	"context"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// reload makes one request for the playlist with directives, sends what it saw
// to the judge, and learns from it. It returns nil when nothing may be
// concluded: we are ending, or were too slow ourselves.
func (d *delivery) reload(ctx context.Context, l probe.LowLatencyProbe, directives string) *probe.Observation {
	deadline := deliveryAtLeast
	td := d.known.MeasuredTarget()
	switch l.Ask {
	case probe.AskNext:
		deadline = min(3*td+deliveryAtLeast, reloadLongest)
	case probe.AskPast, probe.AskFar:
		deadline = max(deadline, td/2+time.Second)
	case probe.AskAlone, probe.AskDelta, probe.AskHint, probe.AskPart:
	}
	req := fetch.Request{URL: withQuery(d.loop.target.Load().URL, directives), AcceptGzip: true}
	return d.ask(ctx, &l, req, probe.Fact[probe.ByteRange]{}, deadline)
}

// ask makes the request of a probe, for a part of a resource where the playlist
// names one, and reports it.
func (d *delivery) ask(
	ctx context.Context, l *probe.LowLatencyProbe, req fetch.Request, part probe.Fact[probe.ByteRange],
	deadline time.Duration,
) *probe.Observation {
	if req.URL == "" {
		return nil
	}
	l.Known, l.Deadline = d.known, deadline
	asking, giveUp := context.WithCancel(ctx)
	defer giveUp()
	var doubt chan probe.Fact[time.Time]
	if l.Ask == probe.AskNext {
		doubt = make(chan probe.Fact[time.Time], 1)
		go func() { doubt <- d.doubt(asking, giveUp, l) }()
	}
	within, cancel := context.WithTimeout(asking, deadline)
	defer cancel()
	req.Held = true // a loop has one such request at a time
	body, ex := d.loop.media(within, req, part)
	gaveUp := asking.Err() != nil && ctx.Err() == nil // by doubt: the part is out, and the answer is not
	giveUp()
	if doubt != nil {
		l.Listed = <-doubt
	}
	if ctx.Err() != nil || d.loop.s.m.strain.strained() {
		return nil
	}
	if gaveUp && ex.Failure == probe.FailCanceled {
		ex.Failure = probe.FailTimeout
	}
	o := &probe.Observation{Target: *d.loop.target.Load(), Exchange: ex, LowLatency: l}
	if ex.OK() && l.URI == "" {
		l.Playlist = d.loop.decode(&ex, body)
		if l.Ask != probe.AskDelta {
			d.learn(l.Playlist, ex.Done)
		}
	}
	if !d.loop.s.take(ctx, o) {
		return nil
	}
	return o
}

// get makes one request within a deadline.
func (d *delivery) get(ctx context.Context, req fetch.Request, deadline time.Duration) ([]byte, probe.Exchange) {
	asking, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return d.loop.as.Do(asking, req)
}

// doubts is how often an ordinary request looks for the part that a blocked
// reload does not bring: two part targets after it began, and twice as late
// each time.
const doubts = 3

// doubt looks whether the part is out while a reload still waits for it, since
// only then it is the answer that is late, and not the part. When it is, the
// reload gets a little longer and then is given up: a server that never answers
// must not hold us for its whole deadline.
func (d *delivery) doubt(
	ctx context.Context, giveUp context.CancelFunc, l *probe.LowLatencyProbe,
) probe.Fact[time.Time] {
	pt := l.Known.PartTarget.Value
	wait := 2*pt + 250*time.Millisecond
	var seen probe.Fact[time.Time]
	for range doubts {
		if !probe.Pause(ctx, wait) {
			break
		}
		body, ex := d.get(ctx, fetch.Request{URL: d.loop.target.Load().URL, AcceptGzip: true}, deliveryAtLeast)
		if !ex.OK() {
			continue
		}
		seen.Stated = true
		if d.loop.decode(&ex, body).Lists(l.MSN, l.Part) {
			seen.Value = ex.Done
			if probe.Pause(ctx, max(time.Second, 3*pt)) {
				giveUp()
			}
			return seen
		}
		wait *= 2
	}
	return seen
}
