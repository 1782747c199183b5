package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// sickSink refuses while it is sick, and keeps what it took.
type sickSink struct {
	mu      sync.Mutex
	sick    error
	told    []string // incidents, "id state"
	samples int
}

func (*sickSink) Name() string { return "sick" }

func (s *sickSink) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sick != nil && (len(b.Incidents) > 0 || len(b.Samples) > 1) {
		return s.sick
	}
	for i := range b.Incidents {
		s.told = append(s.told, b.Incidents[i].ID+" "+string(b.Incidents[i].State))
	}
	s.samples += len(b.Samples)
	return nil
}

func (s *sickSink) is(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sick = err
}

var errFull = fmt.Errorf("writing it: %w", &os.PathError{
	Op: "write", Path: "/secret/incidents.jsonl", Err: syscall.ENOSPC,
})

func told(id string, state probe.IncidentState) probe.Batch {
	return probe.Batch{
		At: time.Now(), Incidents: []probe.Incident{{ID: id, State: state}},
		Samples: []probe.Sample{{Metric: probe.MonitorHeartbeat, Value: 1, At: time.Now()}},
	}
}

func fanning(t *testing.T, s probe.Sink) (m *monitor.Monitor, stop func()) {
	t.Helper()
	m = monitor.New(monitor.Options{Event: "e", Sinks: []probe.Sink{s}})
	return m, run(t, m)
}

// While a sink refuses for an hour, incidents wait in order and numbers pass
// them by; within a second or two of its recovery all are written, once.
func TestIncidentsAreNeverGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sickSink{}
		m, stop := fanning(t, s)
		m.Send(told("before", probe.Opened))
		time.Sleep(time.Second)
		s.is(errFull)
		began := time.Now()
		var want []string
		for i := range 60 {
			for _, state := range []probe.IncidentState{probe.Opened, probe.Updated, probe.Closed} {
				m.Send(told(fmt.Sprint(i), state))
				want = append(want, fmt.Sprint(i)+" "+string(state))
			}
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		if len(s.told) != 1 || s.samples < 180 {
			t.Errorf("while it refused: %d incidents, %d samples taken", len(s.told), s.samples)
		}
		h := m.Sinks()[0]
		if h.OK() || h.FailingSince.Sub(began) > time.Second || h.Error != "no space left on device" || h.Waiting != 180 ||
			h.Dropped != 0 || h.Name != "sick" {
			t.Errorf("health while it refuses: %+v", h)
		}
		s.is(nil)
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if got := s.told[1:]; !slices.Equal(got, want) {
			t.Errorf("after its recovery: %d of %d incidents, or in another order: %v", len(got), len(want), got)
		}
		time.Sleep(20 * time.Second)
		if h := m.Sinks()[0]; !h.OK() || h.Error != "" || h.Waiting != 0 || h.Dropped != 0 {
			t.Errorf("health when it is well: %+v", h)
		}
		stop()
	})
}

// The journal has a limit: beyond it each incident is still there, as it was last.
func TestJournalIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sickSink{sick: errFull}
		m, stop := fanning(t, s)
		const incidents, changes = 1000, 20
		for range changes {
			for i := range incidents {
				m.Send(told(fmt.Sprint(i), probe.Updated))
			}
			time.Sleep(time.Second)
		}
		for i := range incidents {
			m.Send(told(fmt.Sprint(i), probe.Closed))
		}
		time.Sleep(time.Second)
		if h := m.Sinks()[0]; h.Waiting > 5000 || h.Waiting < incidents {
			t.Errorf("%d batches wait", h.Waiting)
		}
		s.is(nil)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		closed := map[string]bool{}
		for _, line := range s.told {
			var id, state string
			_, _ = fmt.Sscan(line, &id, &state)
			if closed[id] {
				t.Fatalf("incident %s: told after it closed", id)
			}
			closed[id] = state == string(probe.Closed)
		}
		if len(closed) != incidents {
			t.Errorf("%d incidents, want %d", len(closed), incidents)
		}
		for id, over := range closed {
			if !over {
				t.Errorf("incident %s was not told to have closed", id)
			}
		}
		if h := m.Sinks()[0]; h.Dropped > 0 {
			t.Errorf("%d batches dropped", h.Dropped)
		}
		stop()
	})
}

// At the end a sink that refuses holds nobody up for long, one that recovers in
// time gets everything.
func TestLastFlush(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		told  int
	}{"recovers": {4 * time.Second, 1}, "does not": {time.Hour, 0}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &sickSink{sick: errors.New("secret reason")}
				m, stop := fanning(t, s)
				m.Send(told("a", probe.Opened))
				time.Sleep(time.Second)
				if h := m.Sinks()[0]; h.Error != "see the log" {
					t.Errorf("health: %+v", h)
				}
				recovery := time.AfterFunc(c.after, func() { s.is(nil) })
				began := time.Now()
				stop()
				recovery.Stop()
				if took := time.Since(began); took > 11*time.Second || len(s.told) != c.told {
					t.Errorf("%d incidents told, the end took %s", len(s.told), took)
				}
			})
		})
	}
}
