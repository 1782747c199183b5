package incident_test

import (
	"errors"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// act does what a person asks for, as the monitor does.
func act(t *testing.T, d *incident.Desk, now time.Time, a probe.Action) (probe.Action, incident.Result) {
	t.Helper()
	a, _, err := d.Check(now, a)
	if err != nil {
		t.Fatal(err)
	}
	return a, d.Do(now, &a)
}

// mute is a silence of somebody until a time.
func mute(until time.Time, s probe.Silence) probe.Action {
	s.Until, s.Reason = until, "ticket 4711"
	return probe.Action{Kind: probe.ActSilence, By: "ana", Silence: &s}
}

// down answers 503 on both sides from a time on, and returns what that led to.
func down(w *watched, from, to float64) (all []probe.Incident) {
	for s := from; s < to; s++ {
		res := step(w, failed(target("v", probe.Origin), at(s), 503, ""))
		all = append(append(all, res.Incidents...), res.Marked...)
	}
	return all
}

func last(all []probe.Incident) probe.Incident {
	if len(all) == 0 {
		return probe.Incident{}
	}
	return all[len(all)-1]
}

// A silence mutes what opens under it, says so on it, and ends by itself: what
// is still open then is told of anew, once.
func TestSilenceMutesAndEnds(t *testing.T) {
	w := watching(incident.Options{}, checks.Options{}, "v")
	step(w, poll(target("v", probe.Origin), at(0), live(100, 6)))
	a, _ := act(t, w.desk, at(0.5), mute(at(20), probe.Silence{Streams: []string{"s"}}))
	all := down(w, 1, 19)
	if len(all) == 0 {
		t.Fatal("no incident: checks must go on")
	}
	for _, in := range all {
		want := probe.Muting{ID: a.Silence.ID, Until: at(20), By: "ana", Reason: "ticket 4711"}
		if !in.Muted() || *in.Silenced != want {
			t.Errorf("%s %s at %v is silenced by %+v", in.ID, in.State, in.Opened, in.Silenced)
		}
	}
	v := w.Verdict()
	if v.Verdict != probe.Degraded && v.Verdict != probe.Down || v.Impact != [3]float64{} || !v.Muted ||
		v.Silenced == nil {
		t.Errorf("under the silence: %+v; want a bad verdict, no impact, muted", v)
	}
	freed := down(w, 19, 30)
	if len(freed) != 1 || freed[0].Muted() || freed[0].ID != all[0].ID {
		t.Fatalf("after the end: %+v, want the incident once, no longer silenced", freed)
	}
	if v := w.Verdict(); v.Impact[probe.Origin] == 0 || v.Muted || v.Silenced != nil {
		t.Errorf("after the end: %+v", v)
	}
	if list := w.desk.Silences(at(30)); len(list) != 1 || list[0].State != probe.SilenceExpired {
		t.Errorf("listed: %+v", list)
	}
	if list := w.desk.Silences(at(25 * 3600)); len(list) != 0 {
		t.Errorf("a day later: %+v", list)
	}
}

// The end of a silence comes although no stream is looked at.
func TestSilenceEndsOnTime(t *testing.T) {
	w := watching(incident.Options{}, checks.Options{}, "v")
	act(t, w.desk, at(0), mute(at(3600), probe.Silence{}))
	in := last(down(w, 1, 5))
	for next := w.desk.Next(); !next.IsZero() && !next.After(at(3600)); next = w.desk.Next() {
		if res := w.desk.Tick(next); len(res.Marked) > 0 {
			if got := res.Marked[0]; got.ID != in.ID || got.Muted() || !next.Equal(at(3600)) {
				t.Errorf("at %v: %+v", next, got)
			}
			return
		}
	}
	t.Error("the end of the silence was not told")
}

// Every part of a silence must match.
func TestSilenceMatches(t *testing.T) {
	for name, c := range map[string]struct {
		s    probe.Silence
		want bool
	}{
		"all":             {probe.Silence{}, true},
		"check":           {probe.Silence{Check: "http.status"}, true},
		"another check":   {probe.Silence{Check: "upd.stale"}, false},
		"scope":           {probe.Silence{Scope: probe.ScopeRendition}, true},
		"another scope":   {probe.Silence{Scope: probe.ScopeEdge}, false},
		"stream":          {probe.Silence{Streams: []string{"s"}}, true},
		"another stream":  {probe.Silence{Streams: []string{"other"}}, false},
		"several streams": {probe.Silence{Streams: []string{"other", "s"}}, true},
		"one part fails":  {probe.Silence{Streams: []string{"s"}, Check: "http.status", Scope: probe.ScopeEdge}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := watching(incident.Options{}, checks.Options{}, "v", "w")
			w.desk.Stream(checks.Options{Stream: "other"})
			act(t, w.desk, at(0), mute(at(100), c.s))
			if in := last(down(w, 1, 6)); in.Muted() != c.want {
				t.Errorf("%s, scope %s of %v: silenced by %+v, want %v", in.Check, in.Scope, in.Streams, in.Silenced, c.want)
			}
			if v := w.Verdict(); v.Muted != c.want || (v.Silenced != nil) != (c.want && c.s.Check == "" && c.s.Scope == "") {
				t.Errorf("stream muted %v, as a whole by %+v", v.Muted, v.Silenced)
			}
		})
	}
}

// One cause of several streams is muted when each of them is, and for as long.
func TestEachStreamMustBeMuted(t *testing.T) {
	list := []probe.Silence{
		{ID: "a", Streams: []string{"a"}, From: at(0), Until: at(100)},
		{ID: "short", From: at(0), Until: at(10)},
		{ID: "b", Streams: []string{"b"}, From: at(0), Until: at(50)},
	}
	in := &probe.Incident{Streams: []string{"a", "b"}}
	of := func(s *probe.Silence, stream string) bool { return s.Covers(in, stream) }
	for name, c := range map[string]struct {
		streams []string
		now     float64
		want    string
	}{
		"both, each by its own": {[]string{"a", "b"}, 1, "b"},
		"one alone":             {[]string{"a"}, 1, "a"},
		"a third, while all is": {[]string{"a", "b", "c"}, 1, "short"},
		"a third, after that":   {[]string{"a", "b", "c"}, 10, ""},
		"one is over":           {[]string{"a", "b"}, 50, ""},
		"nobody":                {nil, 1, ""},
	} {
		got := ""
		if m := probe.Mutes(list, c.streams, at(c.now), of); m != nil {
			got = m.ID
		}
		if got != c.want {
			t.Errorf("%s: muted by %q, want %q", name, got, c.want)
		}
	}
}

// An outage of the edge under a stream in maintenance and another one is told,
// and the alarms of the stream in maintenance stay quiet all the same.
func TestMaintenanceOfOneOfTwo(t *testing.T) {
	planned := []probe.Silence{{ID: "m", Maintenance: true, Streams: []string{"s"}, From: at(0), Until: at(1000)}}
	w := watching(incident.Options{Maintenance: planned}, checks.Options{}, "v")
	other := w.desk.Stream(checks.Options{Stream: "t", Overrides: map[string]checks.Override{"pdt.clock": {Off: true}}})
	of := func(side probe.Side) probe.Target { return probe.Target{Stream: "t", Rendition: "v", Side: side} }
	other.Targets([]probe.Target{of(probe.Origin), of(probe.Edge)})
	for i := range 12 {
		now := float64(i)
		step(w, poll(target("v", probe.Origin), at(now), live(uint64(100+i/2), 6)))
		other.Step(poll(of(probe.Origin), at(now+0.1), live(uint64(100+i/2), 6)), at(now+0.1))
		if i == 0 {
			step(w, poll(target("v", probe.Edge), at(now+0.2), live(100, 6)))
			other.Step(poll(of(probe.Edge), at(now+0.3), live(100, 6)), at(now+0.3))
			continue
		}
		step(w, failed(target("v", probe.Edge), at(now+0.2), 503, ""))
		other.Step(failed(of(probe.Edge), at(now+0.3), 503, ""), at(now+0.3))
	}
	open := w.desk.Open()
	if len(open) != 1 || len(open[0].Streams) != 2 || open[0].Muted() {
		t.Fatalf("open: %+v; want one of both streams, told", open)
	}
	if v := w.Verdict(); v.Verdict == probe.OK || v.Impact != [3]float64{} || !v.Muted || v.Silenced == nil {
		t.Errorf("the stream in maintenance: %+v", v)
	}
	if v := other.Verdict(); v.Impact[probe.Edge] == 0 || v.Muted || v.Silenced != nil {
		t.Errorf("the other one: %+v", v)
	}
}

// A planned maintenance begins and ends by itself; nobody can expire it.
func TestMaintenance(t *testing.T) {
	planned := []probe.Silence{{
		ID: "maintenance-1", Maintenance: true, Streams: []string{"s"}, From: at(10), Until: at(20), Reason: "new encoder",
	}}
	w := watching(incident.Options{Maintenance: planned}, checks.Options{}, "v")
	before := down(w, 1, 9)
	if in := last(before); in.ID == "" || in.Muted() {
		t.Fatalf("before it: %+v", before)
	}
	during := down(w, 9, 19)
	if in := last(during); !in.Muted() || !in.Silenced.Maintenance {
		t.Errorf("in it: %+v", during)
	}
	if after := down(w, 19, 25); len(after) != 1 || after[0].Muted() {
		t.Errorf("after it: %+v", after)
	}
	_, _, err := w.desk.Check(at(15), probe.Action{Kind: probe.ActExpire, Silence: &probe.Silence{ID: "maintenance-1"}})
	if r, ok := errors.AsType[*probe.Refusal](err); !ok || r.Reason != probe.Conflict {
		t.Errorf("expired by hand: %v", err)
	}
	other := probe.Silence{ID: "maintenance-2", Maintenance: true, From: at(0), Until: at(100)}
	res := w.desk.Maintain([]probe.Silence{other}, at(26))
	if len(res.Marked) != 1 || !res.Marked[0].Muted() {
		t.Errorf("a file with another plan: %+v", res)
	}
}

// Expiring one that is over changes nothing.
func TestExpireTwice(t *testing.T) {
	w := watching(incident.Options{}, checks.Options{}, "v")
	a, _ := act(t, w.desk, at(0), mute(at(100), probe.Silence{}))
	expire := probe.Action{Kind: probe.ActExpire, By: "ben", Silence: &probe.Silence{ID: a.Silence.ID}}
	act(t, w.desk, at(5), expire)
	again, changes, err := w.desk.Check(at(6), expire)
	if err != nil || changes || again.Silence.State != probe.SilenceExpired || !again.Silence.Until.Equal(at(5)) {
		t.Errorf("changes %v, %+v, %v", changes, again.Silence, err)
	}
}

// A stream in a maintenance is silenced before it is looked at: alarms are armed
// by what the first snapshot says.
func TestSilencedAtFirst(t *testing.T) {
	planned := []probe.Silence{{
		ID: "maintenance-1", Maintenance: true, Streams: []string{"s"}, From: at(0), Until: at(100),
	}}
	d := incident.NewDesk(incident.Options{Event: "e", Maintenance: planned}, at(1))
	for stream, want := range map[string]bool{"s": true, "other": false} {
		d.Stream(checks.Options{Stream: stream})
		if v := d.Verdict(stream); (v.Silenced != nil) != want || v.Muted != want {
			t.Errorf("%s: silenced %v, muted %v, want %v", stream, v.Silenced, v.Muted, want)
		}
	}
}
