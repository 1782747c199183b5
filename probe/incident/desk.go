package incident

import (
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
)

// Desk is where the symptoms of all streams of an event come together. It
// diagnoses the event when they change, keeps the book, and says what each
// stream's verdict is. It may be used by several goroutines.
type Desk struct {
	opts Options

	mu      sync.Mutex
	book    *Book
	quiet   quiet
	rows    []*row
	overall probe.Verdict // of the event
	since   time.Time     // when it became that
	sick    int           // how many rows have symptoms
	control diagnose.Control
	losing  bool          // our own path is lost
	lost    diagnose.Span // when our own path was lost last
	busy    Busy
	ran     time.Time // the newest diagnosis
	next    time.Time // when the next one is due although nothing is seen; zero is not before
	changed []probe.Incident
	marked  []probe.Incident
	asks    []probe.Target
}

// Options is what a desk is told of its event.
type Options struct {
	Event        string
	Starts, Ends time.Time        // zero when the event does not state them
	Resume       []probe.Incident // incidents that were open when the process stopped
	Actions      []probe.Action   // what people did before that, oldest first
	Maintenance  []probe.Silence  // that the event file plans
	Once         bool             // one look must do
	Edges        []string         // names of the edges where there are several
}

// Busy is when this process did not get to run as it should: zero is never.
type Busy struct{ From, Until time.Time }

// row is what the desk knows of one stream.
type row struct {
	name    string
	base    probe.Verdict    // without what is wrong
	pulses  []diagnose.Pulse // at each place
	sick    *diagnose.Stream // nil while nothing is found
	verdict Verdict
}

// Verdict is what a stream's state comes to.
type Verdict struct {
	Verdict  probe.Verdict
	Since    time.Time                     // when it became that
	Reason   string                        // of a verdict that is blind
	Open     []string                      // ids of the incidents that hit the stream
	Impact   [len(probe.Sides) + 1]float64 // without what is silenced
	Edges    map[string]float64            // of Impact the part of each edge, where the event has several
	Silenced *probe.Muting                 // what mutes all there is of the stream
	Muted    bool                          // no alarm may stand on its numbers
}

// Result is what was found out.
type Result struct {
	Incidents []probe.Incident // that opened, changed or closed, as they are now
	Marked    []probe.Incident // others that were acknowledged or silenced, or are so no longer
	Poke      []probe.Target   // targets to poll at once; one without a rendition is any of its stream and side
}

// crowd is from how many sick streams on diagnoses are made four times a second
// at most, and not with each look.
const crowd = 4

// NewDesk returns the desk of an event that begins now.
func NewDesk(o Options, now time.Time) *Desk {
	d := &Desk{opts: o, book: NewBook(o.Event, o.Resume, now), quiet: newQuiet(o.Maintenance, o.Actions)}
	if len(o.Resume) > 0 {
		d.next = now.Add(resumeGrace)
	}
	for i := range o.Actions {
		if e := d.book.find(o.Actions[i].Incident); e != nil {
			e.acknowledge(&o.Actions[i])
		}
	}
	d.overall, d.since = probe.Waiting, now.UTC()
	d.hush(now)
	return d
}

// Control takes in whether the control URL answered when it was asked, and how
// long that took: whether the monitor's own path works.
func (d *Desk) Control(ok bool, asked time.Time, took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.control.Note(ok, asked, took)
	if d.sick > 0 {
		d.next = sooner(d.next, asked)
	}
}

// Busy takes in that this process does not get to run. Until that is over and
// its requests are through, nobody is blamed.
func (d *Desk) Busy(b Busy) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if b.From.After(d.busy.Until) || d.busy.From.IsZero() {
		d.busy.From = b.From
	}
	d.busy.Until = b.Until
	d.next = sooner(d.next, b.Until)
}

// seat makes room for a stream.
func (d *Desk) seat(name string) *row {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := &row{name: name, base: probe.Waiting, verdict: Verdict{Verdict: probe.Waiting}}
	d.rows = append(d.rows, r)
	return r
}

// report takes in what a stream shows, and returns what that leads to.
func (d *Desk) report(
	r *row, now time.Time, base probe.Verdict, pulses []diagnose.Pulse, sick *diagnose.Stream,
) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	calm := r.sick == nil && sick == nil
	switch {
	case r.sick == nil && sick != nil:
		d.sick++
	case r.sick != nil && sick == nil:
		d.sick--
	}
	r.base, r.sick = base, sick
	r.pulses = append(r.pulses[:0], pulses...)
	switch due := !d.next.IsZero() && !now.Before(d.next); {
	case due, !calm && (d.sick <= crowd || now.Sub(d.ran) >= diagnose.Gather):
		d.diagnose(now)
	case !calm:
		d.next = sooner(d.next, d.ran.Add(diagnose.Gather))
	}
	d.judge(r, now)
	d.sum(now)
	return d.result()
}

// Tick does what is due although nothing is seen.
func (d *Desk) Tick(now time.Time) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.next.IsZero() && !now.Before(d.next) {
		d.diagnose(now)
	}
	return d.result()
}

// Next is when Tick is due; zero is not before something is seen.
func (d *Desk) Next() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.next
}

func (d *Desk) result() Result {
	res := Result{Incidents: d.changed, Marked: d.marked, Poke: d.asks}
	d.changed, d.marked, d.asks = nil, nil, nil
	return res
}

// diagnose diagnoses the event anew and enters what comes of it.
func (d *Desk) diagnose(now time.Time) {
	d.ran, d.next = now, time.Time{}
	e := diagnose.Event{Control: d.control, Lost: d.lost, Once: d.opts.Once, Pulses: make([]diagnose.Pulse, 0, 2*len(d.rows))}
	recovery := 5 * time.Second
	for _, r := range d.rows {
		e.Pulses = append(e.Pulses, r.pulses...)
		if r.sick != nil {
			e.Streams = append(e.Streams, *r.sick)
			for i := range r.sick.Targets {
				recovery = max(recovery, r.sick.Targets[i].Recovery())
			}
		}
	}
	all := diagnose.Diagnose(now, &e)
	if now.Before(d.busy.Until) {
		d.next = sooner(d.next, d.busy.Until)
		all = slices.DeleteFunc(all, func(one diagnose.Diagnosis) bool { return !one.Began.Before(d.busy.From) })
	}
	d.lose(all, now)
	for i := range all {
		if now.Before(all[i].Wait) {
			d.asks = append(d.asks, all[i].Asks...)
		}
	}
	changed, next := d.book.Enter(now, all, recovery)
	d.changed = append(d.changed, changed...)
	d.next = sooner(d.next, next)
	if !d.next.IsZero() && !d.next.After(now) {
		d.next = now.Add(diagnose.Gather)
	}
	d.hush(now)
}

// lose remembers when our own path was lost, until the moment it was back.
func (d *Desk) lose(all []diagnose.Diagnosis, now time.Time) {
	i := slices.IndexFunc(all, func(one diagnose.Diagnosis) bool { return one.Lost })
	switch {
	case i >= 0 && !d.losing:
		d.lost = diagnose.Span{From: all[i].Began, Until: now}
	case i >= 0 || d.losing:
		d.lost.Until = now
	}
	d.losing = i >= 0
}

// Open returns the open incidents of the event, oldest first.
func (d *Desk) Open() []probe.Incident {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book.Open()
}
