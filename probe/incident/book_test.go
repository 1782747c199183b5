package incident

import (
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/diagnose"
)

// A playlist of the edge answers again with the others, but is looked at seldom: when
// the origin's incident is over, what is left of the fault there opens none of its
// own. One that fails anew does.
func TestWhatIsLeftOfAClosedIncident(t *testing.T) {
	timeout, _ := checks.Find("http.timeout")
	at := func(side probe.Side) []diagnose.Part {
		return []diagnose.Part{{Check: timeout, Target: probe.Target{Stream: "main", Side: side}, Holds: true}}
	}
	start := time.Date(2026, 11, 27, 19, 0, 0, 0, time.UTC)
	after := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	whole := diagnose.Diagnosis{
		Check: timeout, Side: probe.Origin, Severity: probe.Critical, Blame: probe.BlameOrigin, Last: after(10), Sick: true,
		Hits: []diagnose.Hit{{Stream: "main", Renditions: []string{""}}}, Parts: at(probe.Origin), Follows: at(probe.Edge),
		Evidence: []probe.Evidence{{At: after(10)}},
	}
	rest := whole
	rest.Side, rest.Blame, rest.Parts, rest.Follows, rest.Sick = probe.Edge, probe.BlameCDN, at(probe.Edge), nil, false

	b := NewBook("e", nil, start)
	for _, step := range []struct {
		at   int
		all  []diagnose.Diagnosis
		told []probe.IncidentState
	}{
		{10, []diagnose.Diagnosis{whole}, []probe.IncidentState{probe.Opened}},
		{12, []diagnose.Diagnosis{whole}, nil},
		{14, []diagnose.Diagnosis{rest}, []probe.IncidentState{probe.Closed}},
		{16, []diagnose.Diagnosis{rest}, nil},
		{24, []diagnose.Diagnosis{rest}, nil},
	} {
		got, _ := b.Enter(after(step.at), step.all, 0)
		if len(got) != len(step.told) || len(got) == 1 && got[0].State != step.told[0] {
			t.Errorf("after %d s: %+v, want %v", step.at, got, step.told)
		}
	}
	rest.Last, rest.Sick = after(25), true
	if got, _ := b.Enter(after(25), []diagnose.Diagnosis{rest}, 0); len(got) != 1 || got[0].Blame != probe.BlameCDN {
		t.Errorf("failed anew: %+v", got)
	}
}

// What watches a host begins anew, as after a reload of a fleet, and a stream that was
// added then shows the host's fault first. The incident that waits to be seen again goes
// on once its own stream shows it too, however much more the new one shows.
func TestAnIncidentThatWaitsGoesOn(t *testing.T) {
	status, _ := checks.Find("http.status")
	start := time.Date(2026, 11, 27, 19, 0, 0, 0, time.UTC)
	after := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	seen := func(s int, targets ...probe.Target) []diagnose.Diagnosis {
		d := diagnose.Diagnosis{
			Check: status, Side: probe.Origin, Severity: probe.Error, Last: after(s), Sick: true,
			Evidence: []probe.Evidence{{At: after(s)}},
		}
		for _, at := range targets {
			at.Side = probe.Origin
			d.Parts = append(d.Parts, diagnose.Part{Check: status, Target: at, Holds: true})
			d.Hits = append(d.Hits, diagnose.Hit{Stream: at.Stream, Renditions: []string{at.Rendition}})
		}
		return []diagnose.Diagnosis{d}
	}
	old := probe.Target{Stream: "old", Rendition: "360p"}
	added := []probe.Target{{Stream: "added", Rendition: "360p"}, {Stream: "added", Rendition: "720p"}}

	b := NewBook("e", nil, start)
	b.Enter(after(10), seen(10, old), 0)
	first := b.Open()[0].ID
	b.hold("", after(12))
	b.Enter(after(13), seen(13, added...), 0)
	b.Enter(after(14), seen(14, append(added, old)...), 0)
	if open := b.Open(); len(open) != 1 || open[0].ID != first || open[0].State == probe.Closed {
		t.Errorf("open: %+v, want %s alone", open, first)
	}
}

// An edge that is late for two reasons by turns: the blame goes there and back, and
// people are not told so every few seconds. What lasts is told.
func TestBlameByTurns(t *testing.T) {
	lag, _ := checks.Find("edge.lag")
	start := time.Date(2026, 11, 27, 19, 0, 0, 0, time.UTC)
	edge := probe.Target{Stream: "main", Rendition: "v", Side: probe.Edge}
	d := diagnose.Diagnosis{
		Check: lag, Side: probe.Edge, Severity: probe.Critical, Sick: true,
		Hits:  []diagnose.Hit{{Stream: "main", Renditions: []string{"v"}}},
		Parts: []diagnose.Part{{Check: lag, Target: edge, Holds: true}},
	}
	b := NewBook("e", nil, start)
	told := 0
	enter := func(from, until time.Duration, blame func(time.Duration) probe.Blame) (last probe.Blame) {
		for at := from; at < until; at += 250 * time.Millisecond {
			d.Last, d.Blame = start.Add(at), blame(at)
			changed, _ := b.Enter(d.Last, []diagnose.Diagnosis{d}, 0)
			told += len(changed)
			last = b.Open()[0].Blame
		}
		return last
	}
	enter(0, 2*time.Minute, func(at time.Duration) probe.Blame {
		return []probe.Blame{probe.BlameCDN, probe.BlameConfig}[at/(3*time.Second)%2]
	})
	if told > 5 {
		t.Errorf("told %d times in two minutes, want 5 at most", told)
	}
	for _, want := range []probe.Blame{probe.BlameCDN, probe.BlameConfig} {
		last := enter(2*time.Minute, 3*time.Minute+10*time.Second, func(time.Duration) probe.Blame { return want })
		if last != want {
			t.Errorf("blames %s, although it has been %s for more than a minute", last, want)
		}
	}
}
