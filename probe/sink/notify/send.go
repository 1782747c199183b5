package notify

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	retryFirst = time.Second
	retryMost  = time.Minute
)

const (
	errQueueFull = shown("too many newer messages wait")
	errStopped   = shown("the monitor stopped")
)

// sendAll sends one message after the other. After the end of ctx there are a few
// seconds for those that are left, in which nothing is tried twice. requests ends
// every request, also one under way.
func (s *Sink) sendAll(ctx, requests context.Context) {
	var left []Request // of the message whose delivery the end of ctx cut short
	var refused error  // of that one, for good
	for ctx.Err() == nil {
		if m, ok := s.first(); ok {
			if !s.mayTell() {
				s.unsend()
				probe.Pause(ctx, retryFirst)
				continue
			}
			left, refused = s.deliver(ctx, requests, m)
			continue
		}
		select {
		case <-s.queued:
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(requests, lastFlush)
	defer cancel()
	for last.Err() == nil {
		m, ok := s.first()
		if !ok {
			break
		}
		if !s.mayTell() {
			s.unsend()
			return
		}
		if left == nil {
			left, refused = s.o.Receiver.Requests(m)
		}
		r := s.round(last, last, left)
		left = nil
		if len(r.left) > 0 && s.o.Folder != "" {
			s.unsend() // the next process has it
			return
		}
		s.settle(m, errors.Join(refused, r.refused, r.failed))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.o.Folder == "" {
		for i := range s.waiting {
			s.drop(&s.waiting[i], errStopped)
		}
		s.waiting = nil
	}
}

// mayTell reports whether a message may be sent. Where another process may take over
// at any time it must find that the message waits: one that was sent while nothing
// could be written down would be sent by both. A disk that is full stops nothing.
func (s *Sink) mayTell() bool { return s.o.Notes == nil || s.save() }

// first returns the message that has waited for longest, and marks it as under
// way.
func (s *Sink) first() (*Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sending = len(s.waiting) > 0; !s.sending {
		return nil, false
	}
	m := s.waiting[0]
	return &m, true
}

func (s *Sink) unsend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending = false
}

// deliver tries until the receiver took all of a message, refused it for good, or
// has had its time. At the end of ctx the message goes on waiting, and what it
// still takes is returned, with what was refused of it.
func (s *Sink) deliver(ctx, requests context.Context, m *Message) (left []Request, refused error) {
	left, refused = s.o.Receiver.Requests(m)
	began, wait := time.Now(), retryFirst
	for {
		// One under way is not cut off at once: the receiver may have read it.
		r := s.round(ctx, requests, left)
		left, refused = r.left, errors.Join(refused, r.refused)
		if len(left) > 0 && ctx.Err() != nil {
			s.unsend()
			return left, refused
		}
		if len(left) == 0 || time.Since(began) > giveUp {
			s.settle(m, errors.Join(refused, r.failed))
			return nil, nil
		}
		s.o.Count(s.Name(), Retried, 1)
		timer := time.NewTimer(max(r.again, wait/2+rand.N(wait/2)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		wait = min(2*wait, retryMost)
	}
}

// outcome is what became of requests that were sent once.
type outcome struct {
	left    []Request     // those that may be sent again
	again   time.Duration // not before so long
	failed  error         // of those
	refused error         // of those that were refused for good
}

// round sends each of the requests once, whatever becomes of the others. After the
// end of until none is begun. ctx is that of each request.
func (s *Sink) round(until, ctx context.Context, requests []Request) (o outcome) {
	for i := range requests {
		if i > 0 && until.Err() != nil {
			o.left, o.failed = append(o.left, requests[i:]...), errors.Join(o.failed, errStopped)
			break
		}
		again, err := s.delivery.send(ctx, &requests[i])
		switch {
		case err == nil:
		case again == never:
			o.refused = errors.Join(o.refused, err)
		default:
			o.left, o.again, o.failed = append(o.left, requests[i]), max(o.again, again), errors.Join(o.failed, err)
		}
	}
	s.failing.Note(cause(errors.Join(o.failed, o.refused)))
	return o
}

// settle takes a message out of the queue and notes what became of it.
func (s *Sink) settle(m *Message, err error) {
	s.mu.Lock()
	if s.sending {
		s.waiting = s.waiting[1:]
		s.sending = false
	}
	if err != nil {
		s.drop(m, err)
	}
	s.mu.Unlock()
	if err == nil {
		s.o.Count(s.Name(), Sent, 1)
	}
	s.save()
}

// drop says that a message is not delivered, and keeps it. The caller holds the
// lock.
func (s *Sink) drop(m *Message, err error) {
	s.dropped++
	s.o.Count(s.Name(), Dropped, 1)
	fields := []zap.Field{zap.String("incident", m.Incident.ID), zap.String("message", string(m.Kind)), zap.Error(err)}
	if e, ok := errors.AsType[*statusError](err); ok && e.said != "" {
		fields = append(fields, zap.String("answer", clip(oneLine(e.said), 300)))
	}
	s.log.Warn("a message about an incident was not delivered", fields...)
	s.disk.bury(m, err)
}
