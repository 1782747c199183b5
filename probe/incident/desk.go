package incident

import (
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
)

// Desk is where the symptoms of all streams of an event come together, from all
// places that it is watched from. It diagnoses the event when they change, keeps
// the book, and says what each stream's verdict is. It may be used by several
// goroutines.
type Desk struct {
	opts Options

	mu       sync.Mutex
	book     *Book
	vantages []*vantage // one without a name where the event is watched from one place
	seats    map[string]*seat
	order    []*seat
	tally    map[probe.Verdict]int // how many streams have each
	overall  probe.Verdict         // of the event
	since    time.Time             // when it became that
	sick     int                   // how many rows have symptoms
	ran      time.Time             // the newest diagnosis
	apart    time.Duration         // between diagnoses of a crowd
	recovery time.Duration         // how long what is seen now takes to be over
	next     time.Time             // when the next one is due although nothing is seen; zero is not before
	held     time.Time             // until then views only come in, and nothing is diagnosed
	quiet    quiet
	marked   []probe.Incident
	changed  []probe.Incident
	asks     []probe.Target
}

// Options is what a desk is told of its event.
type Options struct {
	Event        string
	Starts, Ends time.Time        // zero when the event does not state them
	Resume       []probe.Incident // incidents that were open when the process stopped
	Actions      []probe.Action   // what people did before that, oldest first
	Maintenance  []probe.Silence  // that the event file plans
	Once         bool             // one look must do
	Alone        bool             // what one vantage of several shows alone may be critical
	Edges        []string         // names of the edges where there are several
}

// Busy is when this process did not get to run as it should: zero is never.
type Busy struct{ From, Until time.Time }

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

const (
	// crowd is from how many sick streams on diagnoses are made four times a second
	// at most, and not with each look.
	crowd = 4

	// share is the part of a crowd's time that diagnoses may take, one in so many: of
	// thousands of sick streams one takes a tenth of a second, and looks wait for it.
	share = 10

	// apartMost is the longest that this lets a crowd wait: what took long may be a
	// process that did not get to run.
	apartMost = 2 * time.Second
)

// NewDesk returns the desk of an event that begins now.
func NewDesk(o Options, now time.Time) *Desk {
	d := &Desk{
		opts: o, book: NewBook(o.Event, o.Resume, now), quiet: newQuiet(o.Maintenance, o.Actions),
		seats: map[string]*seat{}, tally: map[probe.Verdict]int{},
	}
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
	d.ControlFrom("", ok, asked, took)
}

// Busy takes in that this process does not get to run. Until that is over and
// its requests are through, nobody is blamed.
func (d *Desk) Busy(b Busy) { d.BusyFrom("", b) }

// Report takes in what a stream shows, and returns what that leads to.
func (d *Desk) Report(v *View) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, now := d.row(v.Vantage, v.Stream), v.At
	calm := r.Sick == nil && v.Sick == nil
	switch {
	case r.Sick == nil && v.Sick != nil:
		d.sick++
	case r.Sick != nil && v.Sick == nil:
		d.sick--
	}
	if r.Sick != nil && r.Watcher != v.Watcher {
		d.book.hold(v.Stream, now)
	}
	pulses := append(r.Pulses[:0], v.Pulses...) // the view is the caller's
	r.View = *v
	r.Pulses = pulses
	if now.Before(d.held) {
		return d.result()
	}
	switch due := !d.next.IsZero() && !now.Before(d.next); {
	case due, !calm && (d.sick <= crowd || now.Sub(d.ran) >= d.apart):
		d.diagnose(now)
	case !calm:
		d.next = probe.Sooner(d.next, d.ran.Add(d.apart))
	}
	d.judge(r.seat, now)
	d.sum(now)
	return d.result()
}

// Tick does what is due although nothing is seen.
func (d *Desk) Tick(now time.Time) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.next.IsZero() && !now.Before(d.next) && !now.Before(d.held) {
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
	began := time.Now()
	d.ran, d.next = now, time.Time{}
	recovery, sights := 5*time.Second, make([]diagnose.Sight, 0, len(d.vantages))
	for _, v := range d.vantages {
		if v.gone.IsZero() {
			sights = append(sights, d.look(v, now, &recovery))
		}
	}
	all := diagnose.Combine(now, sights, d.opts.Alone)
	for i := range all {
		if now.Before(all[i].Wait) {
			d.asks = append(d.asks, all[i].Asks...)
		}
	}
	all = append(all, d.absent(now)...)
	if len(sights) == 0 {
		d.book.hold("", now)
	}
	d.recovery = recovery
	changed, next := d.book.Enter(now, all, recovery)
	d.changed = append(d.changed, changed...)
	d.next = probe.Sooner(d.next, next)
	if !d.next.IsZero() && !d.next.After(now) {
		d.next = now.Add(diagnose.Gather)
	}
	if d.apart = min(share*time.Since(began), apartMost); d.apart <= diagnose.Gather {
		d.apart = diagnose.Gather
	} else if soonest := now.Add(d.apart); !d.next.IsZero() && d.next.Before(soonest) {
		d.next = soonest
	}
	d.hush(now)
}

// look diagnoses what one vantage shows.
func (d *Desk) look(v *vantage, now time.Time, recovery *time.Duration) diagnose.Sight {
	e := &diagnose.Event{
		Control: v.control, Lost: v.lost, Once: d.opts.Once,
		Pulses: make([]diagnose.Pulse, 0, 2*len(v.rows)),
	}
	for _, r := range v.rows {
		e.Pulses = append(e.Pulses, r.Pulses...)
		if r.Sick != nil {
			e.Streams = append(e.Streams, *r.Sick)
			for i := range r.Sick.Targets {
				*recovery = max(*recovery, r.Sick.Targets[i].Recovery())
			}
		}
	}
	all := diagnose.Diagnose(now, e)
	if now.Before(v.busy.Until) {
		d.next = probe.Sooner(d.next, v.busy.Until)
		all = slices.DeleteFunc(all, func(one diagnose.Diagnosis) bool { return !one.Began.Before(v.busy.From) })
	}
	v.mark(all, now)
	return diagnose.Sight{Vantage: v.name, Event: e, Diagnoses: all}
}

// absent says of each vantage from which nobody watches that it is so.
func (d *Desk) absent(now time.Time) (all []diagnose.Diagnosis) {
	var there []string
	for _, v := range d.vantages {
		if v.gone.IsZero() {
			there = append(there, v.name)
		}
	}
	for _, v := range d.vantages {
		if !v.gone.IsZero() {
			all = append(all, diagnose.Absent(now, v.name, v.gone, there))
		}
	}
	return all
}

// mark remembers when our own path was lost, until the moment it was back.
func (v *vantage) mark(all []diagnose.Diagnosis, now time.Time) {
	i := slices.IndexFunc(all, func(one diagnose.Diagnosis) bool { return one.Lost })
	switch {
	case i >= 0 && !v.losing:
		v.lost = diagnose.Span{From: all[i].Began, Until: now}
	case i >= 0 || v.losing:
		v.lost.Until = now
	}
	v.losing = i >= 0
}

// Verdict returns what a stream comes to, as of the newest look. It writes
// nothing.
func (d *Desk) Verdict(stream string) Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.seats[stream]; s != nil {
		return s.verdict
	}
	return Verdict{Verdict: probe.Waiting}
}

// Marks returns the worst that open incidents say of each target of a stream.
func (d *Desk) Marks(stream string) map[probe.Target]probe.Severity { return d.MarksFrom("", stream) }

// MarksFrom is Marks as one vantage shows it.
func (d *Desk) MarksFrom(from, stream string) map[probe.Target]probe.Severity {
	d.mu.Lock()
	defer d.mu.Unlock()
	marks := map[probe.Target]probe.Severity{}
	for _, e := range d.book.open {
		for at, worst := range e.marksOf(sight{from, stream}) {
			marks[at] = max(marks[at], worst)
		}
	}
	return marks
}

// Open returns the open incidents of the event, oldest first.
func (d *Desk) Open() []probe.Incident {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book.Open()
}
