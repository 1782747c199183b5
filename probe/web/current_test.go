package web

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// A page that stays open hears how an open incident reads now, although nothing
// that people are told of has changed; not more often than it can be read, and
// in turns where there are many.
func TestOpenIncidentsStayCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := sick(time.Now())
		snap.Incidents = nil
		for i := range 3 * currentMost {
			in := stale(time.Now())
			in.ID = fmt.Sprint("i", i)
			snap.Incidents = append(snap.Incidents, in)
		}
		var c current
		told := map[string]int{}
		for turn := range 60 {
			for i := range snap.Incidents {
				snap.Incidents[i].Detail = fmt.Sprintf("no new segment for %d s", turn)
			}
			list := c.stale(time.Now(), snap.Incidents)
			if len(list) > currentMost {
				t.Fatalf("%d incidents in one turn", len(list))
			}
			for _, in := range list {
				told[in.ID]++
			}
			time.Sleep(currentEvery / 4)
		}
		if len(told) != len(snap.Incidents) {
			t.Errorf("%d of %d incidents were told again", len(told), len(snap.Incidents))
		}
		for id, n := range told {
			if n < 4 || n > 6 { // 15 turns, a third each
				t.Errorf("%s was told %d times", id, n)
			}
		}
	})
}

// What reads as before is not sent again.
func TestUnchangedIncidentsAreNotSentAgain(t *testing.T) {
	var c current
	now := start
	open := []probe.Incident{stale(start)}
	if n := len(c.stale(now, open)); n != 1 {
		t.Errorf("at first: %d", n)
	}
	for range 10 {
		now = now.Add(currentEvery)
		if n := len(c.stale(now, open)); n != 0 {
			t.Errorf("unchanged: %d", n)
		}
	}
	open[0].Detail = "no new segment for 12 s"
	if n := len(c.stale(now.Add(currentEvery/2), open)); n != 0 {
		t.Errorf("too soon: %d", n)
	}
	if n := len(c.stale(now.Add(currentEvery), open)); n != 1 {
		t.Errorf("changed: %d", n)
	}
	if n := len(c.stale(now.Add(2*currentEvery), nil)); n != 0 || len(c.shown) != 0 {
		t.Errorf("none open: %d told, %d remembered", n, len(c.shown))
	}
}
