package monitor_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// channels serves streams by the first part of their paths: /NAME/m.m3u8.
type channels struct {
	mu sync.Mutex
	of map[string]*stream
}

func newChannels(now time.Time, names ...string) *channels {
	c := &channels{of: map[string]*stream{}}
	for _, name := range names {
		c.of[name] = &stream{start: now.Add(-time.Minute), until: now.Add(time.Hour), asked: map[string]int{}}
	}
	return c
}

func (c *channels) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	c.mu.Lock()
	s := c.of[name]
	c.mu.Unlock()
	if s != nil {
		again := r.Clone(r.Context())
		again.URL.Path = "/" + rest
		s.ServeHTTP(w, again)
		return
	}
	http.NotFound(w, r)
}

// asked returns how often a playlist of a stream was asked for, on both sides.
func (c *channels) asked(name, path string) (n int) {
	s := c.of[name]
	s.mu.Lock()
	defer s.mu.Unlock()
	for url, times := range s.asked {
		if strings.HasSuffix(url, path) {
			n += times
		}
	}
	return n
}

func channel(name string) monitor.Stream {
	return monitor.Stream{Name: name, Manifest: "/" + name + "/m.m3u8"}
}

// changing runs a monitor of two sides over channels, for tests that change it.
func changing(t *testing.T, src *channels, more func(*monitor.Options), names ...string) (*monitor.Monitor, *sink) {
	t.Helper()
	got := &sink{last: map[string]probe.Incident{}}
	o := monitor.Options{
		Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: handler(src.ServeHTTP),
		Sinks: []probe.Sink{got}, Segments: monitor.SegmentsHead,
	}
	for _, name := range names {
		o.Streams = append(o.Streams, channel(name))
	}
	if more != nil {
		more(&o)
	}
	m := monitor.New(o)
	t.Cleanup(run(t, m))
	return m, got
}

func (s *sink) incidents() []probe.Incident {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.last), func(a, b probe.Incident) int { return strings.Compare(a.ID, b.ID) })
}

func names(m *monitor.Monitor) (list []string) {
	for _, s := range m.Snapshot().Streams {
		list = append(list, s.Name)
	}
	return list
}

// Streams come and go; the others' polls do not notice, and nobody asks for
// their multivariant playlists again.
func TestStreamsComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newChannels(time.Now(), "a", "b", "c")
		m, got := changing(t, src, nil, "a", "b")
		time.Sleep(10 * time.Second)
		ladders := src.asked("a", "/m.m3u8")
		since := m.Snapshot().Streams[0].Since
		m.Set(channel("c"))
		if !m.Remove("b", "stream b was removed") || m.Remove("b", "") {
			t.Error("b can be removed once")
		}
		gone, polls := src.asked("b", "/v/p.m3u8"), src.asked("a", "/v/p.m3u8")
		if !m.Ready() {
			t.Error("a stream that came later makes the monitor unready")
		}
		time.Sleep(10 * time.Second)
		if list := names(m); !slices.Equal(list, []string{"a", "c"}) {
			t.Errorf("watched: %v", list)
		}
		if n := src.asked("b", "/v/p.m3u8"); n != gone {
			t.Errorf("b was asked for %d times after it had gone", n-gone)
		}
		if n := src.asked("a", "/m.m3u8"); n != ladders {
			t.Errorf("a's multivariant playlist was asked for %d times more", n-ladders)
		}
		if n := src.asked("a", "/v/p.m3u8") - polls; n < 9 || n > 22 {
			t.Errorf("a was polled %d times in 10 s on both sides", n)
		}
		snap := m.Snapshot()
		if !snap.Streams[0].Since.Equal(since) || snap.Streams[0].Verdict != probe.OK {
			t.Errorf("a began anew: %+v", snap.Streams[0])
		}
		if snap.Streams[1].Verdict != probe.OK || len(snap.Streams[1].Renditions) != 1 ||
			snap.Streams[1].Renditions[0].Origin == nil {
			t.Errorf("c is not watched on both sides: %+v", snap.Streams[1])
		}
		if list := got.incidents(); len(list) > 0 {
			t.Errorf("incidents: %+v", list)
		}
	})
}

// An incident of a stream that leaves closes and says why; those of the others
// keep their ids.
func TestAnIncidentOfAStreamThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newChannels(time.Now(), "a", "b")
		src.of["a"].until, src.of["b"].mapped = time.Now().Add(10*time.Second), true // and the map is lost
		m, got := changing(t, src, nil, "a", "b")
		time.Sleep(40 * time.Second)
		before := m.Snapshot().Incidents
		if len(before) != 2 {
			t.Fatalf("open: %+v, want one of each stream", before)
		}
		m.Remove("b", "stream b was removed from the event")
		time.Sleep(20 * time.Second)
		open := m.Snapshot().Incidents
		i := slices.IndexFunc(before, func(in probe.Incident) bool { return in.Stream == "a" })
		if len(open) != 1 || open[0].ID != before[i].ID || open[0].Count != before[i].Count {
			t.Errorf("open: %+v, want that of a as it was", open)
		}
		for _, in := range got.incidents() {
			if in.Stream == "b" && (in.Open() || in.ClosedBecause != "stream b was removed from the event") {
				t.Errorf("incident of b: %+v", in)
			}
		}
	})
}

// A stream that changes begins anew. Its incident goes on while the fault does,
// under the same id, and closes when it is over.
func TestAStreamThatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newChannels(time.Now(), "a", "b")
		src.of["b"].until = time.Now().Add(10 * time.Second)
		m, got := changing(t, src, nil, "a", "b")
		time.Sleep(30 * time.Second)
		before := m.Snapshot().Incidents
		again := channel("b")
		again.Headers = map[string]string{"Authorization": "Bearer another-token"}
		m.Set(again)
		if list := names(m); !slices.Equal(list, []string{"a", "b"}) {
			t.Errorf("the order of streams changed: %v", list)
		}
		time.Sleep(40 * time.Second)
		if open := m.Snapshot().Incidents; len(before) != 1 || len(open) != 1 || open[0].ID != before[0].ID {
			t.Errorf("open %+v, before %+v", open, before)
		}
		src.of["b"].mu.Lock()
		src.of["b"].until = time.Now().Add(time.Hour)
		src.of["b"].mu.Unlock()
		time.Sleep(time.Minute)
		if list := got.incidents(); len(list) != 1 || list[0].Open() {
			t.Errorf("incidents: %+v", list)
		}
	})
}

// The end of the event moves: what is missing after it is no fault.
func TestTheEndMoves(t *testing.T) {
	for _, sooner := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			src := newChannels(time.Now(), "a")
			ends := time.Now().Add(time.Hour)
			m, got := changing(t, src, func(o *monitor.Options) { o.Ends = ends }, "a")
			time.Sleep(10 * time.Second)
			if sooner {
				m.Schedule(time.Time{}, time.Now().Add(time.Second))
			}
			time.Sleep(5 * time.Second)
			src.mu.Lock()
			delete(src.of, "a")
			src.mu.Unlock()
			time.Sleep(20 * time.Second)
			if list := got.incidents(); (len(list) == 0) != sooner {
				t.Errorf("the end came sooner: %v; incidents %+v", sooner, list)
			}
		})
	}
}

// Two streams have the same fault. What one of them says of the check stands over
// what the event says, from the beginning and when it changes. Neither begins anew.
func TestAStreamHasChecksOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newChannels(time.Now(), "a", "b")
		src.of["a"].mapped, src.of["b"].mapped = true, true // and lost
		own := channel("b")
		own.Checks = map[string]checks.Override{"map.fetch": {Severity: probe.Warning}}
		m, got := changing(t, src, func(o *monitor.Options) { o.Streams = append(o.Streams, own) }, "a")
		verdicts := func(when string, a, b probe.Verdict) {
			t.Helper()
			for i, want := range []probe.Verdict{a, b} {
				s := &m.Snapshot().Streams[i]
				if s.Verdict != want {
					t.Errorf("%s: %s is %s, want %s", when, s.Name, s.Verdict, want)
				}
			}
		}
		set := func(o map[string]checks.Override) {
			t.Helper()
			own.Checks = o
			if m.Set(own) {
				t.Error("another check makes it another stream")
			}
		}
		time.Sleep(20 * time.Second)
		verdicts("b says warning", probe.Down, probe.OK)
		shared, since := m.Snapshot().Incidents, m.Snapshot().Streams[0].Since
		ladders := src.asked("b", "/m.m3u8")

		set(map[string]checks.Override{"map.fetch": {Off: true}})
		time.Sleep(time.Second)
		if n := src.asked("b", "/m.m3u8") - ladders; n > 0 {
			t.Errorf("b's multivariant playlist was asked for %d times more", n)
		}
		time.Sleep(20 * time.Second)
		verdicts("b says off", probe.Down, probe.OK)
		if open := m.Snapshot().Incidents; len(shared) != 1 || len(open) != 1 || open[0].ID != shared[0].ID ||
			!m.Snapshot().Streams[0].Since.Equal(since) {
			t.Errorf("a's incident %+v, before %+v", open, shared)
		}

		m.Override(map[string]checks.Override{"map.fetch": {Off: true}})
		time.Sleep(20 * time.Second)
		verdicts("both say off", probe.OK, probe.OK)
		set(map[string]checks.Override{"map.fetch": {Severity: probe.Warning}})
		time.Sleep(20 * time.Second)
		if open := m.Snapshot().Incidents; len(open) != 1 || open[0].Severity != probe.Warning || open[0].Stream != "b" {
			t.Errorf("the event says off, and b says warning: %+v", open)
		}
		set(map[string]checks.Override{"map.fetch": {Severity: probe.Critical}})
		time.Sleep(20 * time.Second)
		verdicts("b says critical", probe.OK, probe.Down)
		set(map[string]checks.Override{"map.fetch": {Severity: probe.Warning}})
		time.Sleep(20 * time.Second)
		verdicts("b says warning again", probe.OK, probe.OK)
		set(nil)
		time.Sleep(20 * time.Second)
		verdicts("only the event says off", probe.OK, probe.OK)
		m.Override(nil)
		time.Sleep(20 * time.Second)
		verdicts("nobody says anything", probe.Down, probe.Down)
		for _, in := range got.incidents() {
			if in.ClosedBecause != "" {
				t.Errorf("an incident closed because %s", in.ClosedBecause)
			}
		}
	})
}

// A check that is switched off takes its incident with it; switched on again it
// finds the fault again.
func TestAChecksSettingsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newChannels(time.Now(), "a", "b")
		src.of["a"].mapped = true // and lost
		m, _ := changing(t, src, nil, "a", "b")
		time.Sleep(20 * time.Second)
		if open := m.Snapshot().Incidents; len(open) != 1 || open[0].Check != "map.fetch" {
			t.Fatalf("open: %+v", open)
		}
		m.Override(map[string]checks.Override{"map.fetch": {Off: true}})
		time.Sleep(20 * time.Second)
		if open := m.Snapshot().Incidents; len(open) > 0 {
			t.Errorf("open, though the check is off: %+v", open)
		}
		m.Override(nil)
		time.Sleep(time.Minute)
		if open := m.Snapshot().Incidents; len(open) != 1 {
			t.Errorf("open: %+v, want that of map.fetch again", open)
		}
	})
}

// A removal waits for what is under way. Those of many streams wait together.
func TestManyStreamsEndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Interval: 100 * time.Millisecond,
			Transport: handler(func(w http.ResponseWriter, _ *http.Request) {
				time.Sleep(3 * time.Second) // whether anybody still waits or not
				w.WriteHeader(http.StatusServiceUnavailable)
			}),
		}
		names := make([]string, 20)
		for i := range names {
			names[i] = fmt.Sprint("s", i)
			o.Streams = append(o.Streams, monitor.Stream{Name: names[i], Manifest: "/m.m3u8"})
		}
		m := monitor.New(o)
		stop := run(t, m)
		defer stop()
		time.Sleep(2500 * time.Millisecond)
		began := time.Now()
		m.Stop(names)
		for _, name := range names {
			if !m.Remove(name, "gone") {
				t.Errorf("%s was not there", name)
			}
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("20 streams took %s to end", took)
		}
	})
}
