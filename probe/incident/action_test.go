package incident_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// After a restart, silences mute what they muted and acknowledgements stand.
// What ended meanwhile is told.
func TestPeopleAreRememberedAfterARestart(t *testing.T) {
	w := watching(incident.Options{}, checks.Options{}, "v")
	silence, _ := act(t, w.desk, at(0), mute(at(100), probe.Silence{}))
	in := last(down(w, 1, 6))
	ack, res := act(t, w.desk, at(6), probe.Action{Kind: probe.ActAcknowledge, By: "ben", Incident: in.ID, Note: "on it"})
	if len(res.Marked) != 1 || res.Marked[0].Acknowledged == nil {
		t.Fatalf("acknowledged: %+v", res)
	}
	open := w.desk.Open()
	open[0].Acknowledged = nil // the process was killed before this was stored
	for _, c := range []struct {
		now   float64
		muted bool
	}{{10, true}, {200, false}} {
		d := incident.NewDesk(incident.Options{Event: "e", Resume: open, Actions: []probe.Action{silence, ack}}, at(c.now))
		got := d.Open()[0]
		want := probe.Acknowledgement{By: "ben", At: at(6), Note: "on it"}
		if got.Muted() != c.muted || got.Acknowledged == nil || *got.Acknowledged != want {
			t.Errorf("at %v: silenced %+v, acknowledged %+v", c.now, got.Silenced, got.Acknowledged)
		}
		res := d.Tick(at(c.now))
		if told := len(res.Marked) == 1 && !res.Marked[0].Muted(); told == c.muted {
			t.Errorf("at %v: told %+v", c.now, res.Marked)
		}
	}
	expire := probe.Action{Kind: probe.ActExpire, By: "ana", Silence: &probe.Silence{ID: silence.Silence.ID}}
	expired, _ := act(t, w.desk, at(7), expire)
	d := incident.NewDesk(incident.Options{Event: "e", Resume: open, Actions: []probe.Action{silence, ack, expired}},
		at(10))
	if d.Open()[0].Muted() {
		t.Error("a silence that somebody ended is back after a restart")
	}
}

// An acknowledgement lasts for as long as the incident, and is of that alone.
func TestAcknowledgement(t *testing.T) {
	w := watching(incident.Options{}, checks.Options{}, "v")
	step(w, poll(target("v", probe.Origin), at(0), live(100, 6)))
	in := last(down(w, 1, 4))
	ack := probe.Action{Kind: probe.ActAcknowledge, By: "ben", Incident: in.ID, Note: "on it"}
	act(t, w.desk, at(4), ack)
	if _, changes, err := w.desk.Check(at(5), ack); changes || err != nil {
		t.Errorf("the same once more: changes %v, %v", changes, err)
	}
	ack.By = "cleo"
	act(t, w.desk, at(5), ack)
	undo := probe.Action{Kind: probe.ActUnacknowledge, Incident: in.ID}
	if got := w.desk.Open()[0].Acknowledged; got.By != "cleo" || !got.At.Equal(at(5)) {
		t.Errorf("the newest does not count: %+v", got)
	}
	act(t, w.desk, at(6), undo)
	if _, changes, err := w.desk.Check(at(6), undo); changes || err != nil || w.desk.Open()[0].Acknowledged != nil {
		t.Errorf("taken back: changes %v, %v", changes, err)
	}
	act(t, w.desk, at(7), ack)
	var closed probe.Incident
	for s, msn := 8.0, uint64(104); s < 60 && closed.ID == ""; s, msn = s+1, msn+1 {
		if s < 10 {
			closed = last(nil)
			down(w, s, s+1) // it comes again within its hold
		} else {
			closed = last(step(w, poll(target("v", probe.Origin), at(s), live(msn, 6))).Incidents)
		}
	}
	if closed.State != probe.Closed || closed.Acknowledged == nil || closed.Acknowledged.By != "cleo" {
		t.Fatalf("closed as %+v", closed)
	}
	_, _, err := w.desk.Check(at(60), ack)
	if r, ok := errors.AsType[*probe.Refusal](err); !ok || r.Reason != probe.NotFound {
		t.Errorf("acknowledged after it closed: %v", err)
	}
	if again := last(down(w, 61, 65)); again.ID == "" || again.ID == closed.ID || again.Acknowledged != nil {
		t.Errorf("the next one: %+v", again)
	}
}

// What makes no sense is refused with a hint, and changes nothing.
func TestRefusals(t *testing.T) {
	w := watching(incident.Options{}, checks.Options{}, "v")
	long := strings.Repeat("x", 501)
	silence := func(by, reason string) probe.Action {
		return probe.Action{Kind: probe.ActSilence, By: by, Silence: &probe.Silence{Until: at(9), Reason: reason}}
	}
	for name, c := range map[string]struct {
		a    probe.Action
		want string
	}{
		"stream":  {mute(at(9), probe.Silence{Streams: []string{"mian"}}), `there is no stream "mian" (the streams are s)`},
		"check":   {mute(at(9), probe.Silence{Check: "upd.stael"}), `there is no check "upd.stael" (streamwatch checks`},
		"scope":   {mute(at(9), probe.Silence{Scope: "world"}), `there is no scope "world" (one of event, origin, edge`},
		"past":    {mute(at(-1), probe.Silence{}), "the silence would be over already (give how long"},
		"forever": {mute(at(400*3600), probe.Silence{}), "a silence lasts at most 336h (plan a longer one"},
		"reason":  {silence("ana", " \n"), "a reason is missing"},
		"by":      {silence("", "r"), "it is not said who silences"},
		"long":    {silence("ana", long), "reason has 501 bytes, at most 500 are kept"},
		"bytes":   {silence("a\xff", "r"), "by is not UTF-8"},
		"expire": {
			probe.Action{Kind: probe.ActExpire, By: "ana", Silence: &probe.Silence{ID: "x"}}, `there is no silence "x"`,
		},
		"ack": {probe.Action{Kind: probe.ActAcknowledge, By: "ana", Incident: "x"}, `there is no open incident "x"`},
	} {
		_, changes, err := w.desk.Check(at(0), c.a)
		r, ok := errors.AsType[*probe.Refusal](err)
		if !ok || changes {
			t.Errorf("%s: changes %v, %v", name, changes, err)
			continue
		}
		if got := r.Text + " (" + r.Hint + ")"; !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if list := w.desk.Silences(at(0)); len(list) != 0 {
		t.Errorf("refused, and there: %+v", list)
	}
	a, _ := act(t, w.desk, at(0), silence(" ana\t", "two\nlines\x1b[31m"))
	if a.By != "ana" || a.Silence.Reason != "two lines [31m" {
		t.Errorf("kept as %q, %q", a.By, a.Silence.Reason)
	}
	if b, _ := act(t, w.desk, at(0), mute(at(9), probe.Silence{})); b.Silence.ID == a.Silence.ID {
		t.Errorf("two silences are called %s", b.Silence.ID)
	}
}
