// Package notify tells webhooks what becomes of incidents: once when one opens,
// once for each time it becomes worse, once when it closes.
//
// The rule that keeps it simple: Write only decides and queues, each webhook
// has a queue and a goroutine of its own that sends in order, and what a
// receiver does can cost nobody but itself. An address is a secret: it is
// neither logged nor part of an error.
package notify

import (
	"context"
	"net/http"
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
	maxAnswer   = 4 << 10 // bytes that are read of an answer
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

	mu   sync.Mutex
	told map[string]probe.Severity // of open incidents
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
	s := &Sink{log: o.Log, told: map[string]probe.Severity{}}
	for i, w := range o.Webhooks {
		s.hooks = append(s.hooks, &hook{Webhook: w, client: client, log: o.Log.With(zap.Int("webhook", i+1)), more: make(chan struct{}, 1)})
	}
	for i := range o.Open {
		s.told[o.Open[i].ID] = o.Open[i].Severity
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

// Write queues a message for each incident that changed in a way that is worth
// one. It never fails and never waits.
func (s *Sink) Write(_ context.Context, b probe.Batch) error {
	for i := range b.Incidents {
		if s.worth(&b.Incidents[i]) {
			for _, h := range s.hooks {
				h.queue(message{incident: b.Incidents[i], at: b.At})
			}
		}
	}
	return nil
}

// worth reports whether an incident is news: opened, worse, or closed.
func (s *Sink) worth(in *probe.Incident) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, known := s.told[in.ID]
	if in.State == probe.Closed {
		delete(s.told, in.ID)
		return true
	}
	if known && in.Severity <= before {
		return false
	}
	s.told[in.ID] = in.Severity
	return true
}

// Run sends until ctx is done, then what is still queued, for a few seconds.
func (s *Sink) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for _, h := range s.hooks {
		group.Go(func() { h.run(ctx) })
	}
	group.Wait()
	return nil
}
