// Package notify tells webhooks what becomes of incidents: once when one opens,
// once when what it claims has changed (cause, blame, severity or scope), once
// when it closes.
//
// The rule that keeps it simple: Write only decides and queues, each webhook
// has a queue and a goroutine of its own that sends in order, and what a
// receiver does can cost nobody but itself. An address is a secret: it is
// neither logged nor part of an error.
package notify

import (
	"cmp"
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
	queueLength = 200              // messages that wait for one webhook; the oldest go first
	postTimeout = 10 * time.Second // of one try
	giveUp      = 15 * time.Minute // since the incident changed: then nobody wants to know any more
	lastFlush   = 5 * time.Second
	retryFirst  = time.Second
	retryMost   = time.Minute
	maxAnswer   = 4 << 10         // bytes that are read of an answer
	settling    = 3 * time.Second // from a change until it is told; what changes meanwhile is one message with it
)

// Format is how a message looks.
type Format string

// Formats.
const (
	JSON  Format = "json"  // the incident, as in the API
	Slack Format = "slack" // a message for a Slack webhook, or what takes the same
)

// Webhook is one receiver.
type Webhook struct {
	URL    string // secret
	Format Format // "" is JSON
	Secret string // signs each body; "" signs nothing
}

// Options say who is told.
type Options struct {
	Webhooks  []Webhook
	Open      []probe.Incident  // those that an earlier process told of
	Transport http.RoundTripper // nil is one with limits of its own
	Log       *zap.Logger
}

// Stats count messages since the start.
type Stats struct{ Sent, Dropped int }

// Sink tells webhooks. Write may be called while Run runs.
type Sink struct {
	hooks []*hook
	log   *zap.Logger

	changed chan struct{} // something settles

	mu      sync.Mutex
	told    map[string]probe.Claim // of open incidents
	updates map[string]update      // of those whose claim is another now
	muted   map[string]bool        // open ones of which nobody is to be told
}

// update is a change that settles before it is told.
type update struct {
	incident probe.Incident
	since    time.Time
}

// New returns a sink that has told nobody anything.
func New(o Options) *Sink {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxConnsPerHost, t.ResponseHeaderTimeout, t.MaxResponseHeaderBytes = 2, postTimeout, 32<<10
		o.Transport = t
	}
	client := &http.Client{
		Transport: o.Transport, Timeout: postTimeout,
		// Elsewhere is not where the user wanted the message to go.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	s := &Sink{
		log: o.Log, changed: make(chan struct{}, 1),
		told: map[string]probe.Claim{}, updates: map[string]update{}, muted: map[string]bool{},
	}
	for i, w := range o.Webhooks {
		s.hooks = append(s.hooks, &hook{Webhook: w, client: client, log: o.Log.With(zap.Int("webhook", i+1)), more: make(chan struct{}, 1)})
	}
	for i := range o.Open {
		if in := &o.Open[i]; in.Muted() {
			s.muted[in.ID] = true // and nobody knows whether it was told of before
		} else {
			s.told[in.ID] = in.Claim()
		}
	}
	return s
}

// Name returns "notify".
func (*Sink) Name() string { return "notify" }

// Stats returns the counts of all webhooks as of now.
func (s *Sink) Stats() (sum Stats) {
	for _, h := range s.hooks {
		h.mu.Lock()
		sum.Sent, sum.Dropped = sum.Sent+h.stats.Sent, sum.Dropped+h.stats.Dropped
		h.mu.Unlock()
	}
	return sum
}

// Health says how the receivers take what they are told, of those that fail the
// one that has failed for longest. What waits and what was dropped are messages.
func (s *Sink) Health() (sum probe.SinkHealth) {
	for _, h := range s.hooks {
		since, cause := h.failing.Tell()
		if !since.IsZero() && (sum.OK() || since.Before(sum.FailingSince)) {
			sum.FailingSince, sum.Error = since, cause
		}
		h.mu.Lock()
		sum.Waiting, sum.Dropped = sum.Waiting+len(h.waiting), sum.Dropped+uint64(h.stats.Dropped)
		h.mu.Unlock()
	}
	return sum
}

// Write queues a message for each incident that opened or closed, and lets a
// change, or a mere warning, settle. It never fails and never waits.
func (s *Sink) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Incidents {
		s.note(b.Incidents[i], b.At)
	}
	return nil
}

// note decides what an incident is worth: a message now, one later, or none. Of
// what is muted nobody is told, but for its end where its beginning was told: a
// page that nobody resolves would go on waking people. What is still open when
// its silence is over is told then.
func (s *Sink) note(in probe.Incident, at time.Time) {
	before, known := s.told[in.ID]
	if in.Muted() && (in.Open() || !known) {
		delete(s.updates, in.ID)
		if delete(s.muted, in.ID); in.Open() {
			s.muted[in.ID] = true
		}
		return
	}
	spared := s.muted[in.ID] // until now
	delete(s.muted, in.ID)
	switch {
	case !in.Open() && !known && (spared || s.waits(in.ID)):
		delete(s.updates, in.ID) // it was over before anybody was told
	case !in.Open():
		delete(s.told, in.ID)
		delete(s.updates, in.ID) // its last message has it
		s.tell(message{incident: in, at: at})
	case !known && in.Severity <= probe.Warning:
		s.later(in)
	case !known:
		delete(s.updates, in.ID)
		s.told[in.ID] = in.Claim()
		in.State = probe.Opened
		s.tell(message{incident: in, at: at})
	case spared:
		s.told[in.ID] = in.Claim()
		in.State = probe.Updated
		s.tell(message{incident: in, at: at, changed: cmp.Or(before.Changes(in.Claim()), "its silence is over")})
	case in.Claim() == before:
		delete(s.updates, in.ID) // it is again what was told
	default:
		s.later(in)
	}
}

// waits reports whether something of an incident has not been told yet.
func (s *Sink) waits(id string) bool {
	_, ok := s.updates[id]
	return ok
}

// later tells of an incident once it has settled: what it is by then, if it
// still is. A warning waits too, since what heals by itself, as a cache that
// reloads, begins as one.
func (s *Sink) later(in probe.Incident) {
	u, settles := s.updates[in.ID]
	if !settles {
		u.since = time.Now()
	}
	u.incident = in
	s.updates[in.ID] = u
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// tell queues a message for everyone. The caller holds the lock.
func (s *Sink) tell(m message) {
	for _, h := range s.hooks {
		h.queue(m)
	}
}

// settle tells the changes that are older than a moment, and returns when the
// next one is due; zero when none settles.
func (s *Sink) settle(before time.Time) (next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.updates)) {
		u := s.updates[id]
		if u.since.After(before) {
			if due := u.since.Add(settling); next.IsZero() || due.Before(next) {
				next = due
			}
			continue
		}
		delete(s.updates, id)
		now, what := u.incident.Claim(), ""
		u.incident.State = probe.Opened
		if was, known := s.told[id]; known {
			what = was.Changes(now)
			u.incident.State = probe.Updated
		}
		s.told[id] = now
		s.tell(message{incident: u.incident, at: time.Now(), changed: what})
	}
	return next
}

// settleAll tells changes when they have settled, and at the end of ctx those
// that have not.
func (s *Sink) settleAll(ctx context.Context) {
	for ctx.Err() == nil {
		var due <-chan time.Time
		if next := s.settle(time.Now().Add(-settling)); !next.IsZero() {
			due = time.After(time.Until(next))
		}
		select {
		case <-due:
		case <-s.changed:
		case <-ctx.Done():
		}
	}
	s.settle(time.Now())
}

// Run sends until ctx is done, then what is still queued, for a few seconds.
func (s *Sink) Run(ctx context.Context) error {
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var group sync.WaitGroup
	for _, h := range s.hooks {
		group.Go(func() { h.run(sending) })
	}
	s.settleAll(ctx)
	stop()
	group.Wait()
	return nil
}
