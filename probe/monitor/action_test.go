package monitor_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// seen keeps all batches.
type seen struct {
	mu      sync.Mutex
	batches []probe.Batch
}

func (s *seen) Name() string { return "seen" }

func (s *seen) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, b)
	return nil
}

// samples returns what was measured from a time on, muted or not.
func (s *seen) samples(from time.Time, muted bool) (list []probe.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.batches {
		for _, one := range b.Samples {
			if one.Muted == muted && !one.At.Before(from) {
				list = append(list, one)
			}
		}
	}
	return list
}

// A stream that stalls in a maintenance is down, and no alarm that stands on its
// numbers may know: each metric of an alarm is muted, or not bad. The true
// numbers are there all the same. When the maintenance ends, the alarms see them.
func TestMaintenanceMutesWhatAlarmsStandOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		src := &stream{start: now.Add(-time.Minute), until: now.Add(20 * time.Second), asked: map[string]int{}}
		got := &seen{}
		ends := now.Add(2 * time.Minute)
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: handler(src.ServeHTTP),
			Segments: monitor.SegmentsHead,
			Streams:  []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}}, Sinks: []probe.Sink{got},
			Maintenance: []probe.Silence{{ID: "m", Maintenance: true, From: now.Add(10 * time.Second), Until: ends}},
		})
		stop := run(t, m)
		time.Sleep(ends.Sub(now) - time.Second)
		synctest.Wait()
		snap := m.Snapshot()
		if snap.Verdict != probe.Down || len(snap.Incidents) != 1 || !snap.Silenced() || len(snap.Silences) != 1 ||
			!snap.Incidents[0].Muted() {
			t.Errorf("in the maintenance: %s, incidents %+v, silences %+v", snap.Verdict, snap.Incidents, snap.Silences)
		}
		alarmsOver(t, got.samples(now, false), false)
		old := false
		for _, s := range got.samples(now, true) {
			old = old || s.Metric == probe.ManifestAge && s.Value > 60
		}
		if !old {
			t.Error("the true age of the playlist is nowhere")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if in := m.Snapshot().Incidents[0]; in.Muted() {
			t.Errorf("after the maintenance: %+v", in.Silenced)
		}
		alarmsOver(t, got.samples(ends, false), true)
		stop()
	})
}

// alarmsOver evaluates the alarms of the event over samples, and requires that
// some of the stream's are in alarm, or none is.
func alarmsOver(t *testing.T, samples []probe.Sample, want bool) {
	t.Helper()
	streams := []dashboards.Stream{{Name: "main", TargetDuration: 2 * time.Second}}
	o := dashboards.Options{Event: "e", Period: 10 * time.Second, Streams: streams}
	board := dashboards.NewBoard(o, time.Second)
	board.Add(samples)
	alarmed := false
	for at := samples[0].At; at.Before(samples[len(samples)-1].At.Add(10 * time.Second)); at = at.Add(time.Second) {
		for key, state := range board.Evaluate(at) {
			if alarmed = alarmed || state == dashboards.InAlarm && key != "heartbeat"; alarmed && !want {
				t.Fatalf("%s is in alarm at %v", key, at)
			}
		}
	}
	if want && !alarmed {
		t.Error("no alarm sees that the stream is down")
	}
}

// What a person does is noted before it has an effect, and has none when it
// cannot be noted. No secret gets into what is noted.
func TestActIsNotedFirst(t *testing.T) {
	var noted []probe.Action
	full := errors.New("disk full")
	secrets := new(fetch.Secrets)
	secrets.Add("hunter2hunter2")
	var m *monitor.Monitor
	m = monitor.New(monitor.Options{
		Event: "e", Origin: "http://origin.test", Secrets: secrets,
		Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}},
		Journal: func(_ context.Context, a *probe.Action) error {
			if len(m.Silences()) != len(noted) {
				t.Error("it had an effect before it was noted")
			}
			if len(noted) == 2 {
				return full
			}
			noted = append(noted, *a)
			return nil
		},
	})
	for n := range 3 {
		silence := &probe.Silence{Until: time.Now().Add(time.Hour), Reason: "token hunter2hunter2"}
		_, err := m.Act(t.Context(), probe.Action{Kind: probe.ActSilence, By: "ana", Silence: silence})
		if want := n == 2; errors.Is(err, full) != want {
			t.Errorf("action %d: %v", n, err)
		}
	}
	if len(m.Silences()) != 2 || len(noted) != 2 || noted[0].Silence.Reason == "token hunter2hunter2" {
		t.Errorf("silences %+v, noted %+v", m.Silences(), noted)
	}
}
