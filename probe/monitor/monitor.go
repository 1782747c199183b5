// Package monitor watches an event: it polls every playlist on both sides at
// the pace at which new segments appear, probes the segments, hands what it
// saw to the desk where the event is diagnosed, and passes on what it says.
//
// The rule that keeps it simple: New returns something usable, Run blocks and
// owns every goroutine, what is known of a stream changes in one goroutine, and
// others see snapshots that do not change.
package monitor

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/logmask"
)

// Monitor watches one event.
type Monitor struct {
	opts     Options
	log      *zap.Logger
	places   []*place // where the streams are asked
	streams  atomic.Pointer[[]*stream]
	byName   sync.Map      // *stream, by name
	judging  chan struct{} // holds one for each observation that is judged now
	failing  atomic.Int64  // playlists whose newest poll failed
	changes  changes
	fan      *fanOut
	crew     crew
	slots    slots
	prober   prober
	buffers  *sync.Pool // of *[]byte, for the bodies of playlists
	heads    *sync.Pool // of *[]byte, for the first bytes of segments
	started  time.Time
	asked    atomic.Pointer[time.Time] // when the control URL was asked last; nil is never
	doubt    chan struct{}             // asks the control URL at once
	strain   strain
	troubled atomic.Bool // an incident is open
	desk     Desk
	due      chan struct{}          // the desk has something to do by itself
	acting   sync.Mutex             // held while what a person does is noted and done
	finish   atomic.Pointer[string] // why nothing may stay open after Run; nil leaves it open
}

// judgesEach is how many observations may be judged at once for each processor. On a
// machine that is too slow thousands would queue for the desk, and whoever asks for the
// page or changes the event behind them.
const judgesEach = 8

// heartbeat is how often the monitor says that it works.
const heartbeat = 10 * time.Second

// New returns a monitor that has not begun.
func New(o Options) *Monitor {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Segments == "" {
		o.Segments = SegmentsRange
	}
	if o.Record == nil {
		o.Record = noRecorder{}
	}
	m := &Monitor{
		opts: o, log: o.Log, fan: newFanOut(o.Sinks, o.Log), doubt: make(chan struct{}, 1),
		started: time.Now(),
		due:     make(chan struct{}, 1),
		judging: make(chan struct{}, judgesEach*runtime.GOMAXPROCS(0)),
	}
	if m.opts.Secrets == nil {
		m.opts.Secrets = new(fetch.Secrets)
	}
	m.prober.crew = &m.crew
	m.slots.began, m.slots.since = m.started, m.started
	m.places = placesOf(&m.opts)
	if m.desk = o.Desk; m.desk == nil {
		m.desk = incident.NewDesk(m.deskOptions(), m.started)
	}
	m.strain = strain{delay: o.Delay, tell: m.busy}
	// Pools are pointed to: the runtime knows each that was used for two collections, and
	// would keep all of the monitor with one that is a part of it.
	m.buffers = &sync.Pool{New: func() any { return new(make([]byte, 0, 4<<10)) }}
	m.heads = &sync.Pool{New: func() any { return new(make([]byte, 0, fetch.HeadBytes+512)) }}
	for _, p := range m.places {
		p.client = fetch.New(m.clientOptions(p))
	}
	list := make([]*stream, 0, len(o.Streams))
	for i := range o.Streams {
		s := newStream(m, o.Streams[i])
		list = append(list, s)
		m.byName.Store(s.cfg.Name, s)
	}
	m.streams.Store(&list)
	return m
}

// Run watches until ctx is done, then lets the sinks take what they have not
// taken yet.
func (m *Monitor) Run(ctx context.Context) {
	var watching, draining sync.WaitGroup
	drain, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	draining.Go(func() { m.fan.run(drain) })
	m.begin(ctx, &watching)
	watching.Go(func() { m.beat(ctx) })
	for _, feed := range m.opts.Feeds {
		watching.Go(func() { feed(ctx) })
	}
	watching.Go(func() { m.strain.watch(ctx) })
	watching.Go(func() { m.keep(ctx) })
	if m.opts.Control != "" {
		watching.Go(func() { m.watchControl(ctx) })
	}
	<-ctx.Done()
	m.end()
	watching.Wait()
	m.crew.end()
	if why := m.finish.Load(); why != nil {
		now := time.Now()
		m.tell(probe.Batch{At: now, Event: m.opts.Event}, m.desk.Finish(now, *why))
	}
	m.fan.close()
	defer time.AfterFunc(lastFlush, stop).Stop()
	draining.Wait()
	for _, p := range m.places {
		p.client.Close()
	}
}

// Send hands the sinks a batch that no observation gave: what viewers report.
// It never blocks.
func (m *Monitor) Send(b probe.Batch) { m.fan.send(b) }

// beat emits the heartbeat on which the dead-monitor alarm stands.
func (m *Monitor) beat(ctx context.Context) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		now := time.Now()
		alive := probe.Sample{Metric: probe.MonitorHeartbeat, Value: 1, At: now}
		m.fan.send(probe.Batch{At: now, Event: m.opts.Event, Samples: []probe.Sample{alive}})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// keep lets the desk do what is due although nothing is seen, until ctx is done.
func (m *Monitor) keep(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait := time.Hour
		if next := m.desk.Next(); !next.IsZero() {
			wait = time.Until(next)
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-m.due:
			continue
		case <-ctx.Done():
			return
		}
		now := time.Now()
		m.tell(probe.Batch{At: now, Event: m.opts.Event}, m.desk.Tick(now))
	}
}

// busy tells the desk that this process does not get to run.
func (m *Monitor) busy(b incident.Busy) {
	if m.opts.Remote != nil {
		return // where others poll that spoils nothing
	}
	m.opts.Record.Busy(b)
	m.desk.Busy(b)
}

// tell passes on what the desk found out, with the numbers of a batch.
func (m *Monitor) tell(b probe.Batch, res incident.Result) {
	b.Incidents = slices.Concat(res.Incidents, res.Marked) // the book keeps its own
	m.mask(b.Incidents)
	if len(b.Incidents) > 0 || len(b.Samples) > 0 || len(b.Actions) > 0 {
		m.fan.send(b)
	}
	if len(b.Incidents) > 0 {
		m.troubled.Store(len(m.desk.Open()) > 0)
	}
	for i := range b.Incidents {
		if i < len(res.Incidents) {
			m.logIncident(&b.Incidents[i])
		} else {
			m.logMarks(&b.Incidents[i])
		}
	}
	for _, t := range res.Poke {
		if m.opts.Remote != nil {
			m.opts.Remote.Poke(t)
		}
		m.Poke(t)
	}
	if !m.desk.Next().IsZero() {
		signal(m.due)
	}
}

// logIncident says what becomes of an incident.
func (m *Monitor) logIncident(in *probe.Incident) {
	m.log.Info("incident "+string(in.State),
		zap.String("id", in.ID), zap.String("check", in.Check), zap.String("severity", in.Severity.String()),
		zap.String("blame", string(in.Blame)),
		zap.String("because", in.Because), zap.String("scope", string(in.Scope)),
		zap.Strings("streams", probe.Few(in.Streams)), zap.String("rendition", in.Rendition),
		zap.String("side", in.Side.String()), logmask.Given("edge", in.Edge),
		zap.String("detail", in.Detail), logmask.Given("closed_because", in.ClosedBecause),
	)
}

// Ready reports whether every stream has been looked at once on each side, and
// the sinks had the time to take what was seen.
func (m *Monitor) Ready() bool {
	if m.opts.Remote != nil && !m.opts.Remote.Ready() {
		return false
	}
	for _, s := range m.all() {
		if at := s.round.Load(); !s.late && (at == nil || time.Since(*at) < 2*gather) {
			return false
		}
	}
	return true
}

// Open returns the open incidents as they are now, oldest first.
func (m *Monitor) Open() []probe.Incident {
	list := slices.Clone(m.desk.Open())
	m.mask(list)
	return list
}

// Snapshot returns the event as it is now.
func (m *Monitor) Snapshot() *probe.Snapshot {
	now := time.Now()
	snap := &probe.Snapshot{
		Event: m.opts.Event, At: now.UTC(), Started: m.started.UTC(), Streams: make([]probe.StreamSnapshot, 0, len(m.all())),
		Edge: fetch.RedactURL(m.opts.Edge), Origin: fetch.RedactURL(m.opts.Origin),
	}
	for _, p := range m.places {
		if p.Edge != "" {
			snap.Edges = append(snap.Edges, probe.EdgeAddress{Name: p.Edge, URL: fetch.RedactURL(p.base)})
		}
	}
	for _, one := range m.shown(now) {
		m.maskStream(&one)
		snap.Streams = append(snap.Streams, one)
		if worst := snap.Verdict.Worse(one.Verdict); worst != snap.Verdict {
			snap.Verdict, snap.Reason = worst, one.Reason
		}
	}
	if len(snap.Streams) == 0 {
		snap.Verdict = probe.Waiting // for the first stream
	}
	snap.Starts, snap.Ends = m.desk.Scheduled()
	snap.Incidents = m.Open()
	snap.Silences = m.silencesNow(now)
	snap.Since = now.UTC() // a stream's verdict changed while we looked
	if verdict, since := m.desk.Overall(); verdict == snap.Verdict {
		snap.Since = since
	}
	return snap
}
