package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// askEmails is how often SNS is asked who has confirmed.
const askEmails = 2 * time.Minute

// unconfirmed are the addresses that alarms do not reach yet.
type unconfirmed struct {
	mu        sync.Mutex // guards addresses
	addresses []string
}

func (u *unconfirmed) set(list []string) (changed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	changed = !slices.Equal(u.addresses, list)
	u.addresses = list
	return changed
}

// watchEmails asks who has not confirmed the subscription that alarms.email asks
// for, until everybody has.
func (s *session) watchEmails(ctx context.Context) {
	topic := s.dist.Outputs["AlertTopicArn"]
	if topic == "" {
		topic = s.alarmed.Outputs["AlertTopicArn"]
	}
	if len(s.event.Alarms.Email) == 0 || topic == "" {
		return
	}
	stack, err := s.stack(ctx, stackSpec)
	for ; err == nil; err = wait(ctx, askEmails) {
		pending, failed := stack.PendingEmails(ctx, topic)
		switch {
		case ctx.Err() != nil:
			return
		case failed != nil:
			s.log.Info("it is not known who confirmed the e-mails of AWS", zap.Error(failed))
			return
		case s.emails.set(pending) && len(pending) > 0:
			s.log.Warn("alarms do not reach these addresses: the link in the e-mail from AWS was not followed", zap.Strings("addresses", pending))
		}
		if len(pending) == 0 {
			return
		}
	}
}

// wait waits, or returns why not.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// alarmNotes are what keeps alarms from reaching people.
func (s *session) alarmNotes() []string {
	var list []string
	if s.out != nil && s.out.alarms != nil {
		list = s.out.alarms.notes()
	}
	s.emails.mu.Lock()
	defer s.emails.mu.Unlock()
	for _, address := range s.emails.addresses {
		list = append(list, address+" has not confirmed the e-mail from AWS: alarms do not reach it")
	}
	return list
}
