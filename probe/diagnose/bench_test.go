package diagnose_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var epoch = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

// hosted returns an event of so many streams on one origin and one edge host, of
// which the first sick ones are refused by the edge since 3 s ago.
func hosted(streams, sick int) *diagnose.Event {
	e := &diagnose.Event{}
	refused, _ := checks.Find("http.unreachable")
	for i := range streams {
		name := fmt.Sprintf("s%04d", i)
		at := epoch.Add(-time.Duration(i%2000) * time.Millisecond)
		for _, side := range probe.Sides {
			p := diagnose.Pulse{
				Stream: name, Side: side, Host: side.String() + ".test", Round: at, Answered: at, Reached: at, Advanced: at,
			}
			if side == probe.Edge && i < sick {
				p.Answered = epoch.Add(-4 * time.Second)
			}
			e.Pulses = append(e.Pulses, p)
		}
		if i >= sick {
			continue
		}
		s := diagnose.Stream{Name: name}
		for _, rendition := range []string{"", "720p", "360p"} {
			for _, side := range probe.Sides {
				s.Targets = append(s.Targets, target(name, rendition, side, at))
				if side == probe.Edge {
					t := s.Targets[len(s.Targets)-1]
					t.Current.Exchange.Status, t.Current.Exchange.Failure, t.Failures = 0, probe.FailRefused, 3
					s.Symptoms = append(s.Symptoms, checks.Symptom{
						Check: refused, Target: len(s.Targets) - 1, Side: side, Since: at.Add(-3 * time.Second), Last: at, Asked: at,
						Ready: at.Add(-2 * time.Second), Sick: true, Exchange: &t.Current.Exchange,
						Severity: probe.Critical, Detail: "refused: connection refused",
					})
				}
			}
		}
		e.Streams = append(e.Streams, s)
	}
	return e
}

// target is one that was asked at a moment and answered well.
func target(stream, rendition string, side probe.Side, at time.Time) *evidence.State {
	o := &probe.Observation{Exchange: probe.Exchange{Status: 200, Started: at.Add(-time.Millisecond), Done: at}}
	return &evidence.State{
		Target: probe.Target{Stream: stream, Rendition: rendition, Side: side}, Host: side.String() + ".test",
		Current: o, Good: o,
		Polls: 9, Advanced: at, Answered: at, Reached: at, TD: 2 * time.Second, Allowance: time.Second,
	}
}

func BenchmarkDiagnose(b *testing.B) {
	for _, sick := range []int{2, 1000} {
		b.Run(fmt.Sprintf("%d of 1000 streams sick", sick), func(b *testing.B) {
			e := hosted(1000, sick)
			b.ReportAllocs()
			for b.Loop() {
				if got := diagnose.Diagnose(epoch, e); len(got) == 0 {
					b.Fatal("nothing")
				}
			}
		})
	}
}

// Of many streams with long targets one after the other is hit for seconds. Those
// that were hit just now do not keep the others from being told.
func TestTheNewestDoesNotHoldUpTheFirst(t *testing.T) {
	const streams, sick = 1000, 200
	e := hosted(streams, sick)
	for i := range e.Pulses {
		long := epoch.Add(-10 * time.Second) // most were not looked at since
		e.Pulses[i].Round, e.Pulses[i].Answered = long, long
	}
	first := epoch.Add(-3 * time.Second)
	for i := range e.Streams {
		for j := range e.Streams[i].Symptoms {
			s := &e.Streams[i].Symptoms[j]
			s.Ready = first.Add(time.Duration(i) * 3 * time.Second / sick)
			s.Since = s.Ready.Add(-time.Second)
		}
	}
	got := diagnose.Diagnose(epoch, e)
	if len(got) != 1 || got[0].Scope != probe.ScopeEdge || len(got[0].Hits) != sick {
		t.Fatalf("%d diagnoses, the first of scope %s", len(got), got[0].Scope)
	}
	if wait := got[0].Wait; wait.After(epoch) {
		t.Errorf("it waits for %s more, %s after the first was ready", wait.Sub(epoch), epoch.Sub(first))
	}
}

// One dead edge host with many streams is one diagnosis of that host.
func TestOneHostOneDiagnosis(t *testing.T) {
	got := diagnose.Diagnose(epoch, hosted(1000, 1000))
	if len(got) != 1 {
		t.Fatalf("%d diagnoses, want 1", len(got))
	}
	d := got[0]
	if d.Scope != probe.ScopeEdge || d.Host != "edge.test" || d.Blame != probe.BlameCDN || d.Severity != probe.Critical ||
		len(d.Hits) != 1000 {
		t.Errorf("scope %s %s, blame %s, %s, %d streams; want edge edge.test, cdn, critical, 1000",
			d.Scope, d.Host, d.Blame, d.Severity, len(d.Hits))
	}
	t.Log(d.Because)
}
