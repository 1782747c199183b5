package diagnose_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// When a host stops giving anything, some streams lose a segment before their playlists
// are asked for again. Where several do, what is told waits for one of these.
func TestALostSegmentOfSeveralStreamsWaitsForAPlaylist(t *testing.T) {
	for _, c := range []struct {
		streams int
		asked   time.Duration // when the playlists were asked for, from when the segments failed
		waits   bool
	}{
		{1, -time.Second, false},
		{6, -time.Second, true},
		{6, time.Second / 2, false},
	} {
		lost, failed := lostSegments(c.streams, c.asked)
		got := diagnose.Diagnose(epoch, lost)
		if len(got) != 1 || got[0].Check.ID != "seg.status" {
			t.Fatalf("%+v: %d diagnoses", c, len(got))
		}
		d := &got[0]
		asks := slices.ContainsFunc(d.Asks, func(at probe.Target) bool { return at.Rendition == "720p" })
		if waits := d.Wait.After(epoch); waits != c.waits || waits != asks {
			t.Errorf("%+v: waits until %s, asks for %v", c, d.Wait.Sub(failed), d.Asks)
		}
	}
}

// Of the polls of many streams some at the origin were answered just before it failed.
// That one is no proof that the origin is well.
func TestAnOriginThatAnsweredJustBeforeIsNotWell(t *testing.T) {
	for _, c := range []struct {
		streams int
		asked   time.Duration // when the origin was asked, from when the edge failed
		waits   bool
	}{
		{6, 10 * time.Millisecond, true},
		{6, 300 * time.Millisecond, false},
		{1, 10 * time.Millisecond, false},
	} {
		e := hosted(c.streams, c.streams)
		for i := range e.Streams {
			s := &e.Streams[i]
			for j := range s.Symptoms {
				s.Symptoms[j].Since, s.Symptoms[j].Ready = epoch.Add(-time.Second), epoch.Add(-time.Second/2)
			}
			for j := range s.Targets {
				if s.Targets[j].Target.Side == probe.Origin {
					s.Targets[j].Current.Exchange.Started = s.Symptoms[0].Since.Add(c.asked)
				}
			}
		}
		got := diagnose.Diagnose(epoch, e)
		if len(got) != 1 {
			t.Fatalf("%+v: %d diagnoses", c, len(got))
		}
		if waits := got[0].Wait.After(epoch.Add(time.Second / 2)); waits != c.waits {
			t.Errorf("%+v: blame %s, waits until %s", c, got[0].Blame, got[0].Wait.Sub(epoch))
		}
	}
}

// lostSegments is an event whose streams each lost a segment at the origin two seconds
// ago, and whose playlists were well when they were asked for.
func lostSegments(streams int, asked time.Duration) (*diagnose.Event, time.Time) {
	e := &diagnose.Event{}
	check, _ := checks.Find("seg.status")
	failed := epoch.Add(-2 * time.Second)
	for i := range streams {
		name := fmt.Sprint("s", i)
		at := failed.Add(asked)
		one := target(name, "720p", probe.Origin, at)
		one.Probed = epoch
		ex := &probe.Exchange{Status: 503, Started: failed, Done: failed}
		e.Pulses = append(e.Pulses, diagnose.Pulse{
			Stream: name, Side: probe.Origin, Host: one.Host, Round: epoch, Answered: epoch, Reached: epoch, Advanced: at,
		})
		e.Streams = append(e.Streams, diagnose.Stream{
			Name: name, Targets: []*evidence.State{one}, Symptoms: []checks.Symptom{{
				Check: check, Side: probe.Origin, Since: failed, Last: failed.Add(time.Second), Asked: failed.Add(time.Second),
				Ready: failed.Add(time.Second), Sick: true, Exchange: ex, Severity: probe.Critical, Detail: "status 503",
			}},
		})
	}
	return e, failed
}
