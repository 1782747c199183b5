package fleet

import (
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// desk is the hub's desk as the monitor of an agent has it: it keeps the newest
// view of each stream until that is sent, and knows no incident.
type desk struct {
	opts   monitor.Options
	leases func(stream string) uint64 // when the lease of its shard was taken
	now    func() uint64              // Unix milliseconds by the hub's clock

	mu      sync.Mutex
	views   map[string]*pending
	anew    map[string]uint64 // when a stream was changed, if that was after the lease was taken
	control *controlMessage
	busy    *busyMessage
	urgent  chan struct{} // a view is to be sent at once
}

// pending is the newest view of a stream.
type pending struct {
	view   incident.View
	order  order
	seen   bool // since the newest report
	urgent bool // it is to be sent by itself
	sick   bool // what was sent last shows something
}

func newDesk(o monitor.Options, leases func(string) uint64, now func() uint64) *desk {
	return &desk{
		opts: o, leases: leases, now: now, views: map[string]*pending{}, anew: map[string]uint64{},
		urgent: make(chan struct{}, 1),
	}
}

// Stream returns a stream that reports here.
func (d *desk) Stream(o checks.Options) *incident.Stream {
	o.Starts, o.Ends = d.Scheduled()
	return incident.NewStream(d, o)
}

// Report keeps a view. What shows something, or did, is urgent; so is the first.
func (d *desk) Report(v *incident.View) incident.Result {
	lease := d.leases(v.Stream)
	d.mu.Lock()
	defer d.mu.Unlock()
	lease = max(lease, d.anew[v.Stream])
	p := d.views[v.Stream]
	if p == nil {
		p = &pending{urgent: true}
		d.views[v.Stream] = p
	}
	if p.order.Lease != lease {
		p.urgent = true // what another agent showed is over
	}
	p.urgent = p.urgent || v.Sick != nil || p.sick || p.view.Base != v.Base
	p.view, p.order, p.seen = *v, order{lease, p.order.Seq + 1}, true
	p.view.Pulses = slices.Clone(v.Pulses) // the view is the caller's
	if p.urgent {
		select {
		case d.urgent <- struct{}{}:
		default:
		}
	}
	return incident.Result{}
}

// take hands over the views that are to be sent by themselves.
func (d *desk) take() (list []pending) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.views {
		if p.urgent {
			p.urgent, p.sick = false, p.view.Sick != nil
			list = append(list, *p)
		}
	}
	return list
}

// back has a view sent that could not be sent, unless a newer one is here.
func (d *desk) back(stream string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.views[stream]; p != nil {
		p.urgent = true
	}
}

// looked hands over the streams that were looked at since it was called last,
// and what is known of this process.
func (d *desk) looked() (list []pending, c *controlMessage, b *busyMessage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.views {
		if p.seen {
			p.seen = false
			list = append(list, *p)
		}
	}
	return list, d.control, d.busy
}

// streams is how many streams there are views of.
func (d *desk) streams() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.views)
}

// forget drops what is known of a stream that another agent watches now.
func (d *desk) forget(stream string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.views, stream)
	delete(d.anew, stream)
}

// Verdict is that of the stream without what is wrong: the hub knows the rest.
func (d *desk) Verdict(stream string) incident.Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.views[stream]; p != nil {
		return incident.Verdict{Verdict: p.view.Base}
	}
	return incident.Verdict{Verdict: probe.Waiting}
}

// Marks are none: incidents are the hub's.
func (d *desk) Marks(string) map[probe.Target]probe.Severity { return nil }

// Open returns no incidents.
func (d *desk) Open() []probe.Incident { return nil }

// Control keeps whether the control URL answered, and in what time.
func (d *desk) Control(ok bool, asked time.Time, took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.control = &controlMessage{ok, asked, took}
}

// Busy keeps when this process did not get to run.
func (d *desk) Busy(b incident.Busy) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = &busyMessage{b.From, b.Until}
}

// busyNow is when this process did not get to run last; nil is never.
func (d *desk) busyNow() *busyMessage {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.busy
}

// Tick does nothing: nothing is diagnosed here.
func (d *desk) Tick(time.Time) incident.Result { return incident.Result{} }

// Next is never.
func (d *desk) Next() time.Time { return time.Time{} }

// Leave is called before another stream takes the name of one, and when one goes.
func (d *desk) Leave(stream string, now time.Time, _ string) incident.Result {
	return d.Restart(stream, now)
}

// Restart forgets what a stream showed. What it shows from now on is what another
// agent would see: its incidents go on until it was seen well.
func (d *desk) Restart(stream string, _ time.Time) incident.Result {
	d.forget(stream)
	now := max(d.now(), d.leases(stream)+1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.anew[stream] = now
	return incident.Result{}
}

// Finish does nothing: the event ends at the hub.
func (d *desk) Finish(time.Time, string) incident.Result { return incident.Result{} }

// Schedule moves the beginning and the end of the event.
func (d *desk) Schedule(starts, ends time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opts.Starts, d.opts.Ends = starts, ends
}

// Check refuses: what people do is done at the hub.
func (d *desk) Check(_ time.Time, a probe.Action) (probe.Action, bool, error) {
	return a, false, &probe.Refusal{Reason: probe.Conflict, Text: "this is an agent", Hint: "ask the hub"}
}

// Do does nothing.
func (d *desk) Do(time.Time, *probe.Action) incident.Result { return incident.Result{} }

// Silences are the hub's.
func (d *desk) Silences(time.Time) []probe.Silence { return nil }

// Maintain does nothing.
func (d *desk) Maintain([]probe.Silence, time.Time) incident.Result { return incident.Result{} }

// Scheduled is when the event is on, as the plan says.
func (d *desk) Scheduled() (starts, ends time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opts.Starts.UTC(), d.opts.Ends.UTC()
}

// Overall is not known here: the hub knows.
func (d *desk) Overall() (v probe.Verdict, since time.Time) { return probe.Waiting, time.Time{} }
