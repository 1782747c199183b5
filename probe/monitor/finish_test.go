package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// What is open when the event ends closes with it, and says so; a process that
// ends before leaves it open. The verdict stays what was seen last.
func TestTheEventEnds(t *testing.T) {
	for name, over := range map[string]bool{"the event ends": true, "the process ends": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := newChannels(time.Now(), "a")
				src.of["a"].until = time.Now().Add(10 * time.Second)
				got := &sink{last: map[string]probe.Incident{}}
				m := monitor.New(monitor.Options{
					Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: handler(src.ServeHTTP),
					Sinks: []probe.Sink{got}, Streams: []monitor.Stream{channel("a")}, Segments: monitor.SegmentsHead,
				})
				stop := run(t, m)
				time.Sleep(40 * time.Second)
				if len(m.Snapshot().Incidents) != 1 {
					t.Fatalf("open: %+v, want one", m.Snapshot().Incidents)
				}
				if over {
					m.Finish("the event is over")
				}
				stop()
				snap, list := m.Snapshot(), got.incidents()
				if snap.Verdict != probe.Down || (len(snap.Incidents) == 0) != over ||
					(len(snap.Streams[0].OpenIncidents) == 0) != over {
					t.Errorf("%s, open %v", snap.Verdict, snap.Streams[0].OpenIncidents)
				}
				if len(list) != 1 || list[0].Open() == over || (list[0].ClosedBecause == "the event is over") != over {
					t.Errorf("told: %+v", list)
				}
			})
		})
	}
}
