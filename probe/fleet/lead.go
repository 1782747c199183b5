package fleet

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

const (
	goneAfter   = 2 * leaseTime    // without an agent, until a vantage is said to be gone
	goneAtFirst = 30 * time.Second // likewise of one that no agent has come from yet
	// forgottenAfter is without an agent, until a vantage that the event does not name
	// is forgotten: somebody may have mistyped it.
	forgottenAfter = time.Hour

	freshFor   = 30 * time.Second // a look
	oldView    = time.Minute      // a view that shows something and is older was left behind
	replay     = 3 * time.Second  // within which the views that there are have come in
	storeEvery = 5 * time.Second  // what came in is stored, and acknowledged
)

// Leading is what a hub does while it leads: it is the desk of a monitor that
// has no streams of its own, and polls them through agents.
type Leading struct {
	hub     *Hub
	log     *zap.Logger
	book    *incident.Desk
	streams []string
	known   map[string]bool
	edges   []string // names, of several
	monitor *monitor.Monitor
	members members
	began   time.Time

	replayed sync.Once        // all views that there were have come in
	booking  sync.Mutex       // held while the fleet's book is written
	pending  []probe.Incident // not in it yet
	refused  time.Time        // when it was not to be written last; zero is that it was

	mu       sync.Mutex
	orders   map[at]order
	looks    map[at]*look
	alive    map[string]time.Time // of vantages: when an agent was last there; zero is never
	gone     map[string]time.Time
	asked    map[string]time.Time // the control URL, by agent
	told     map[string]bool      // what the log knows
	receipts []stored
	heard    time.Time       // the newest report
	handled  map[uint64]bool // reports that are not acknowledged yet
	flush    func(context.Context) error

	spent map[string]*monitor.Spent // time in the verdict, by stream; impact's own
}

// at is a stream as one vantage sees it.
type at struct{ vantage, stream string }

// Attach makes a monitor's options those of a hub that leads. The monitor must be
// given to Use before it runs.
func (h *Hub) Attach(o *monitor.Options) *Leading {
	l := &Leading{
		hub: h, log: h.log, began: time.Now(), known: map[string]bool{}, orders: map[at]order{}, looks: map[at]*look{},
		alive: map[string]time.Time{}, gone: map[string]time.Time{}, asked: map[string]time.Time{},
		told: map[string]bool{}, handled: map[uint64]bool{},
	}
	if len(o.Edges) > 0 {
		l.edges = append(l.edges, o.EdgeName)
	}
	for i := range o.Edges {
		l.edges = append(l.edges, o.Edges[i].Name)
	}
	l.book = incident.NewDesk(incident.Options{
		Event: o.Event, Starts: o.Starts, Ends: o.Ends, Resume: o.Resume, Alone: h.o.Plan.Alone,
		Actions: o.Actions, Maintenance: o.Maintenance, Edges: l.edges,
	}, l.began)
	l.book.Hold(l.began.Add(replay))
	for _, s := range o.Streams {
		l.streams = append(l.streams, s.Name)
		l.known[s.Name] = true
	}
	for _, v := range h.o.Plan.Vantages {
		l.alive[v] = time.Time{}
	}
	for i := range o.Resume { // who was gone before is not new: else the incident would close before it is found again
		if in := &o.Resume[i]; in.Check == checks.VantageGone.ID {
			for _, v := range in.Vantages {
				if all := h.o.Plan.Vantages; len(all) == 0 || slices.Contains(all, v) {
					l.alive[v] = l.began
				}
			}
		}
	}
	o.Streams, o.Control, o.Delay = nil, "", nil
	o.Desk, o.Remote = &keptDesk{l.book, l}, l
	o.Feeds = append(o.Feeds, l.run)
	return l
}

// Use gives the monitor that was made of the options.
func (l *Leading) Use(m *monitor.Monitor) { l.monitor = m }

// keptDesk is a desk whose incidents are told once the fleet's book has them:
// then whichever hub leads next goes on with them.
type keptDesk struct {
	*incident.Desk
	l *Leading
}

// Tick does what is due.
func (d *keptDesk) Tick(now time.Time) incident.Result { return d.l.keep(d.Desk.Tick(now)) }

// Leave takes a stream from the event.
func (d *keptDesk) Leave(stream string, now time.Time, why string) incident.Result {
	return d.l.keep(d.Desk.Leave(stream, now, why))
}

// Restart is called before a stream begins anew.
func (d *keptDesk) Restart(stream string, now time.Time) incident.Result {
	return d.l.keep(d.Desk.Restart(stream, now))
}

// Finish closes what is open when the event is over.
func (d *keptDesk) Finish(now time.Time, why string) incident.Result {
	return d.l.keep(d.Desk.Finish(now, why))
}

// Do gives what a person did its effect.
func (d *keptDesk) Do(now time.Time, a *probe.Action) incident.Result {
	return d.l.keep(d.Desk.Do(now, a))
}

// Maintain replaces the maintenance that is planned.
func (d *keptDesk) Maintain(planned []probe.Silence, now time.Time) incident.Result {
	return d.l.keep(d.Desk.Maintain(planned, now))
}

// Next is when Tick is due.
func (d *keptDesk) Next() time.Time {
	next := d.Desk.Next()
	d.l.booking.Lock()
	defer d.l.booking.Unlock()
	if retry := time.Now().Add(renewEvery); len(d.l.pending) > 0 && (next.IsZero() || retry.Before(next)) {
		return retry
	}
	return next
}

// keep enters incidents into the fleet's book. Those that NATS does not take wait:
// a hub that cannot reach it may not be the one that leads any more, and then
// another one tells of them.
func (l *Leading) keep(res incident.Result) incident.Result {
	l.booking.Lock()
	defer l.booking.Unlock()
	l.pending = append(l.pending, res.Incidents...)
	res.Incidents = nil
	if time.Since(l.refused) < renewEvery {
		return res // each try takes its time, and what agents say waits behind it
	}
	for len(l.pending) > 0 && l.hub.leads.Load() {
		in := l.pending[0]
		text, err := json.Marshal(in)
		if err == nil {
			ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
			_, err = l.hub.room.incidents.Put(ctx, in.ID, fit(text))
			cancel()
		}
		if tooLarge(err) { // else no other would ever be told
			l.log.Error("an incident is too large for the fleet's book: the next hub will not know it",
				zap.String("id", in.ID), zap.Int("bytes", len(text)), zap.Error(err))
			err = nil
		}
		if err != nil {
			if l.refused.IsZero() {
				l.log.Warn("the fleet's book cannot be written: an incident waits", zap.String("id", in.ID), zap.Error(err))
			}
			l.refused = time.Now()
			break
		}
		l.refused = time.Time{}
		l.pending = l.pending[1:]
		res.Incidents = append(res.Incidents, in)
	}
	return res
}

// take hands on what the desk made of what an agent said.
func (l *Leading) take(b probe.Batch, res incident.Result) { l.monitor.Take(b, l.keep(res)) }

// Ready reports whether every stream was looked at from some vantage.
func (l *Leading) Ready() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := map[string]bool{}
	for k := range l.looks {
		seen[k.stream] = true
	}
	return len(seen) >= len(l.streams)
}

// Set makes a stream one of the event: it counts once agents were told.
func (l *Leading) Set(s monitor.Stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known[s.Name] {
		l.known[s.Name], l.streams = true, append(slices.Clip(l.streams), s.Name)
	}
}

// Remove takes a stream from the event, and reports whether there was one.
func (l *Leading) Remove(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	had := l.known[name]
	delete(l.known, name)
	l.streams = slices.DeleteFunc(slices.Clone(l.streams), func(s string) bool { return s == name })
	for k := range l.looks {
		if k.stream == name {
			delete(l.looks, k)
			delete(l.orders, k)
		}
	}
	return had
}

// named lists the streams of the event.
func (l *Leading) named() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.streams
}

// Poke has agents poll a target at once.
func (l *Leading) Poke(t probe.Target) {
	text, err := json.Marshal(pokeMessage{head{V: Protocol, Agent: l.hub.o.Name}, wireTarget(t)})
	if err == nil {
		_ = l.hub.room.conn.Publish(l.hub.room.poke(), text) // the next poll comes by itself too
	}
}
