package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// slowSender tells what it was given a while later, and all of it at its end.
type slowSender struct {
	name string
	j    *journal
	mu   sync.Mutex
	held []string
}

func (s *slowSender) Name() string { return s.name }

func (s *slowSender) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range b.Incidents {
		s.held = append(s.held, fmt.Sprintf("%s: %s %s", s.name, in.ID, in.State))
	}
	return nil
}

func (s *slowSender) Run(ctx context.Context) error {
	<-ctx.Done()
	time.Sleep(3 * time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.held {
		s.j.note(line)
	}
	return nil
}

// Receivers that are replaced tell what they were given; those after them know
// what is open, and get what comes after the change.
func TestReceiversAreReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		var knew []string
		of := func(e *configs.Event, open []probe.Incident) (list []sender) {
			for _, in := range open {
				knew = append(knew, e.Event+" knows "+in.ID)
			}
			for _, w := range e.Notify.Webhooks {
				list = append(list, &slowSender{name: string(w.URL), j: &j})
			}
			return list
		}
		event := func(name string, urls ...string) *configs.Event {
			e := &configs.Event{Event: name}
			for _, u := range urls {
				e.Notify.Webhooks = append(e.Notify.Webhooks, configs.Webhook{URL: configs.Secret(u)})
			}
			return e
		}
		r := newReceivers(of, event("one", "a"), nil, zap.NewNop())
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = r.Run(ctx) })
		tell := func(id string, state probe.IncidentState) {
			t.Helper()
			if err := r.Write(t.Context(), probe.Batch{Incidents: []probe.Incident{{ID: id, State: state}}}); err != nil {
				t.Error(err)
			}
		}
		tell("1", probe.Opened)
		tell("2", probe.Opened)
		tell("2", probe.Closed)
		r.change(event("two"))
		r.change(event("three", "b", "c")) // the one between is never there
		time.Sleep(time.Second)
		if h := r.health(probe.SinkHealth{}); len(h) != 1 {
			t.Errorf("health waits for the change, or is of others: %+v", h)
		}
		time.Sleep(3 * time.Second) // a batch would wait for the change, and a mutex stops the clock of the test
		tell("1", probe.Closed)
		if h := r.health(probe.SinkHealth{}); len(h) != 2 || h[0].Name != "b" {
			t.Errorf("health after the change: %+v", h)
		}
		stop()
		running.Wait()
		got := slices.Sorted(slices.Values(j.lines[3:]))
		if want := []string{"a: 1 opened", "a: 2 opened", "a: 2 closed"}; !slices.Equal(j.lines[:3], want) {
			t.Errorf("first: %v, want %v", j.lines[:3], want)
		}
		if want := []string{"b: 1 closed", "c: 1 closed"}; !slices.Equal(got, want) {
			t.Errorf("then: %v, want %v", got, want)
		}
		if last := strings.Join(knew, ", "); last != "three knows 1" && last != "two knows 1, three knows 1" {
			t.Errorf("%s", last)
		}
	})
}
