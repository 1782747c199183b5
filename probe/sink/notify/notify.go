// Package notify tells people, and the programs that wake them, what becomes of
// incidents: once when one opens, once when what it claims has changed, once when
// somebody takes it, now and then while nobody does, and once when it closes.
//
// The rule that keeps it simple: a receiver is a sink of its own, so that what one
// does costs no other anything. Write only notes; the teller decides what is due,
// without a clock; the receiver's format, a pure function, makes requests of it;
// one delivery sends them in order, again and again where that makes sense. An
// address is a secret: it is neither logged nor part of an error.
package notify

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	queueLength = 200              // messages that wait for one receiver
	giveUp      = time.Hour        // of tries, while this process runs
	lastFlush   = 5 * time.Second  // at the end, for what still waits
	lastMost    = 8 * time.Second  // the same, with what is under way then
	look        = 10 * time.Second // between looks at what open incidents have grown to
)

// What became of a message: the results that Options.Count gets.
const (
	Sent    = "sent"
	Retried = "retried" // not taken, and tried again later
	Dropped = "dropped" // refused, given up or pushed out by newer ones
)

// Count counts n messages to a receiver that ended with the same result.
type Count func(receiver, result string, n int)

// Options say who gets messages, and about what.
type Options struct {
	Receiver Receiver
	Wait     time.Duration           // from the opening of an incident to the message about it
	Repeat   time.Duration           // after which an open one is repeated; 0 is never
	Open     []probe.Incident        // those that were open when the process stopped
	Current  func() []probe.Incident // the open ones as they are now, since what only grew is no news; nil is not known

	Notes     Notebook          // keeps, besides the folder, who was told what; nil is the folder alone
	Folder    string            // keeps what waits and what could not be delivered; "" keeps nothing
	Count     Count             // nil counts nowhere
	Transport http.RoundTripper // nil is one with limits of its own
	Dial      Dialer            // connects to a mail server; nil is the network
	Log       *zap.Logger
}

// Sink tells one receiver. Write may be called while Run runs.
type Sink struct {
	o        Options
	log      *zap.Logger
	delivery *delivery
	disk     *disk
	noted    chan struct{} // something changed
	queued   chan struct{} // something is to be sent

	failing probe.Failing // to deliver

	mu      sync.Mutex // guards all below
	teller  teller
	waiting []Message // the first one is under way while sending is true
	sending bool
	dropped uint64
}

// New returns a sink that knows what an earlier process told, and has its unsent
// messages.
func New(o Options) *Sink {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Count == nil {
		o.Count = func(string, string, int) {}
	}
	s := &Sink{o: o, noted: make(chan struct{}, 1), queued: make(chan struct{}, 1)}
	s.log = o.Log.With(zap.String("receiver", o.Receiver.Name))
	s.delivery = newDelivery(&s.o.Receiver, o.Transport)
	s.delivery.dial = o.Dial
	s.teller = teller{receiver: &s.o.Receiver, wait: o.Wait, repeat: o.Repeat, stories: map[string]*story{}}
	s.disk = newDisk(o.Folder, &s.o.Receiver, o.Notes, s.log)
	for _, result := range []string{Sent, Retried, Dropped} {
		o.Count(s.Name(), result, 0) // a counter that appears with its first event hides that one
	}
	before, lost := s.disk.load()
	s.waiting = before.Waiting
	if len(s.waiting) > 0 {
		s.log.Info("messages of an earlier run are sent now", zap.Int("messages", len(s.waiting)))
		signal(s.queued)
	}
	s.resume(before, lost)
	return s
}

// resume takes over the open incidents of an earlier process, and what the
// receiver was told of them; where that is lost, it was told of all of them, also
// of what is silenced by now: an end too many harms nobody, and a page that nobody
// resolves wakes people. A new receiver was told of none. One that was told of and
// is not open any more ended while nobody looked.
func (s *Sink) resume(before notes, lost bool) {
	now := time.Now()
	for _, in := range s.o.Open {
		st := &story{in: in, told: before.Told[in.ID], silent: now.Add(resumed)}
		delete(before.Told, in.ID)
		if lost {
			first := Message{Kind: Opened, Incident: in}
			st.told = &told{Incident: in, At: now, Subject: first.Headline(), Acked: in.Acknowledged != nil}
		}
		s.teller.stories[in.ID] = st
		s.teller.note(in, now)
	}
	for _, id := range slices.Sorted(maps.Keys(before.Told)) {
		over := before.Told[id]
		over.Incident.State, over.Incident.Closed = probe.Closed, new(now.UTC())
		s.enqueue(Message{Kind: Closed, Incident: over.Incident, At: now, Subject: over.Subject})
	}
}

// Name returns the receiver's.
func (s *Sink) Name() string { return s.o.Receiver.Name }

// Health says whether the receiver takes its messages, and how many wait or were
// dropped.
func (s *Sink) Health() (h probe.SinkHealth) {
	h.FailingSince, h.Error = s.failing.Tell()
	s.mu.Lock()
	defer s.mu.Unlock()
	h.Waiting, h.Dropped = len(s.waiting), s.dropped
	return h
}

// Write notes what became of incidents. It never fails and never waits.
func (s *Sink) Write(_ context.Context, b probe.Batch) error {
	if len(b.Incidents) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Incidents {
		if m := s.teller.note(b.Incidents[i], time.Now()); m != nil {
			s.enqueue(*m)
		}
	}
	signal(s.noted)
	return nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// enqueue lets a message wait. What waits of the same incident and was not final
// is replaced: nobody reads five updates at once. The caller holds the lock.
func (s *Sink) enqueue(m Message) {
	first := 0
	if s.sending {
		first = 1
	}
	kept := s.waiting[:first:first]
	for _, w := range s.waiting[first:] {
		if w.Incident.ID == m.Incident.ID && (w.Kind == Updated || w.Kind == Repeated) {
			continue
		}
		kept = append(kept, w)
	}
	if len(kept) >= queueLength {
		s.drop(&kept[first], errQueueFull)
		kept = append(kept[:first:first], kept[first+1:]...)
	}
	s.waiting = append(kept, m)
	signal(s.queued)
}

// refresh takes over what open incidents have grown to.
func (s *Sink) refresh() {
	if s.o.Current == nil {
		return
	}
	s.mu.Lock()
	idle := len(s.teller.stories) == 0
	s.mu.Unlock()
	if idle {
		return
	}
	current := s.o.Current() // takes the monitor's lock: not under ours
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range current {
		if in := current[i]; s.teller.stories[in.ID] != nil && in.Open() {
			s.teller.note(in, time.Now())
		}
	}
}

// decide queues what is due and returns when something is next.
func (s *Sink) decide(end bool) (next time.Time) {
	s.refresh()
	s.mu.Lock()
	defer s.mu.Unlock()
	list, next := s.teller.due(time.Now(), end)
	for i := range list {
		s.enqueue(list[i])
	}
	return next
}

// Run sends messages until ctx is done, and then, for a few seconds, those that are
// left. Where there is a folder, the next process sends the rest.
func (s *Sink) Run(ctx context.Context) error {
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	sending, stop := context.WithCancel(requests)
	defer stop()
	var group sync.WaitGroup
	group.Go(func() { s.sendAll(sending, requests) })
	for ctx.Err() == nil {
		next := s.decide(false)
		s.save()
		s.pause(ctx, next)
	}
	s.decide(true)
	stop()
	defer time.AfterFunc(lastMost, cut).Stop()
	group.Wait()
	s.save()
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.waiting); n > 0 {
		s.log.Warn("messages are still undelivered; the next run sends them", zap.Int("messages", n))
	}
	return nil
}

// pause waits until something is noted or due. While incidents are open it does
// not wait for long: they may grow to be this receiver's business.
func (s *Sink) pause(ctx context.Context, next time.Time) {
	s.mu.Lock()
	grows := len(s.teller.stories) > 0 && s.o.Current != nil
	if grows {
		next = probe.Sooner(next, time.Now().Add(look))
	}
	s.mu.Unlock()
	var due <-chan time.Time
	if !next.IsZero() {
		due = time.After(time.Until(next))
	}
	select {
	case <-due:
	case <-s.noted:
	case <-ctx.Done():
	}
}

// save writes down what was told and what waits, and reports whether the notebook
// has it.
func (s *Sink) save() bool {
	return s.disk.save(func() notes {
		s.mu.Lock()
		defer s.mu.Unlock()
		n := notes{Receiver: s.o.Receiver.Name, Told: map[string]*told{}}
		n.Waiting = append(n.Waiting, s.waiting...)
		for id, st := range s.teller.stories {
			if st.told != nil {
				n.Told[id] = new(*st.told) // written down once the lock is free
			}
		}
		return n
	})
}
