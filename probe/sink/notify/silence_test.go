package notify

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Of what is silenced nobody is told until the silence is over; only who heard
// of the beginning hears of the end.
func TestSilencedIncidents(t *testing.T) {
	muted := func(in probe.Incident) probe.Incident {
		in.Silenced = &probe.Muting{ID: "s"}
		return in
	}
	opened := incident("a", probe.Opened, probe.Critical)
	closed := incident("a", probe.Closed, probe.Critical)
	worse := incident("a", probe.Updated, probe.Critical)
	worse.Blame = probe.BlameOrigin
	warning := incident("a", probe.Opened, probe.Warning)
	for name, c := range map[string]struct {
		steps []probe.Incident
		want  string
	}{
		"opens and closes silenced": {
			[]probe.Incident{muted(opened), muted(worse), muted(closed)},
			"",
		},
		"is open when the silence ends": {
			[]probe.Incident{muted(opened), opened},
			"a opened critical cdn",
		},
		"changed meanwhile": {
			[]probe.Incident{muted(opened), muted(worse), worse, closed},
			"a opened critical origin, a closed critical cdn",
		},
		"was told, and is open at the end": {
			[]probe.Incident{opened, muted(opened), opened},
			"a opened critical cdn, a updated critical cdn",
		},
		"was told, and changed meanwhile": {
			[]probe.Incident{opened, muted(worse), worse},
			"a opened critical cdn, a updated critical origin",
		},
		"was told, and closes silenced": {
			[]probe.Incident{opened, muted(opened), muted(closed)},
			"a opened critical cdn, a closed critical cdn",
		},
		"closes as the silence ends": {
			[]probe.Incident{muted(opened), closed},
			"",
		},
		"a warning, silenced as it settles": {
			[]probe.Incident{warning, muted(warning), muted(closed)},
			"",
		},
		"a warning, when the silence ends": {
			[]probe.Incident{muted(warning), warning},
			"a opened warning cdn",
		},
		"a change, silenced as it settles": {
			[]probe.Incident{opened, worse, muted(worse)},
			"a opened critical cdn",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &receiver{}
				s, stop := running(t, Options{Transport: r})
				for _, in := range c.steps {
					write(t, s, in)
					time.Sleep(time.Second)
				}
				time.Sleep(time.Minute)
				stop()
				if got := messages(t, r); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
			})
		})
	}
}

// What was silenced when the process was killed is told when that is over.
func TestSilencedBeforeARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		in := incident("a", probe.Opened, probe.Critical)
		in.Silenced = &probe.Muting{ID: "s"}
		folder := t.TempDir()
		s, stop := running(t, Options{Transport: r, Folder: folder})
		write(t, s, in)
		stop()
		s, stop = running(t, Options{Transport: r, Folder: folder, Open: []probe.Incident{in}})
		write(t, s, in)
		in.Silenced = nil
		write(t, s, in, in)
		time.Sleep(time.Minute)
		stop()
		if got := messages(t, r); got != "a opened critical cdn" {
			t.Errorf("got %s", got)
		}
	})
}
