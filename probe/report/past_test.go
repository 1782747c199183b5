package report

import (
	"context"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// past is a history of two hours, with an incident in the second.
type past struct{ first, last time.Time }

func (p past) Recorded(context.Context) (from, until time.Time, err error) {
	return p.first, p.last, nil
}

func (p past) Incidents(context.Context, probe.IncidentFilter) ([]probe.Incident, error) {
	return []probe.Incident{{ID: "a", Began: p.first.Add(90 * time.Minute)}}, nil
}

func (p past) Actions(context.Context, time.Time) ([]probe.Action, error) {
	return []probe.Action{{Kind: probe.ActAcknowledge, At: p.first.Add(95 * time.Minute)}}, nil
}

func (p past) Scan(_ context.Context, from, _ time.Time, f func(of probe.SeriesQuery, p probe.Point)) error {
	f(probe.SeriesQuery{Stream: "main", Side: probe.Edge, Metric: probe.ManifestAge}, probe.Point{At: from})
	return nil
}

// What is asked for is bounded by what was recorded; where nothing was, the hint
// says when something is.
func TestFill(t *testing.T) {
	at := func(minutes int) time.Time {
		return time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
	}
	now := at(121)
	h := past{at(0), at(120)}
	for name, c := range map[string]struct {
		from, until, wantFrom, wantUntil time.Time
		incidents, actions               int
	}{
		"all":            {time.Time{}, time.Time{}, at(0), at(120), 1, 1},
		"the first hour": {time.Time{}, at(60), at(0), at(60), 0, 0},
		"the last hour":  {at(60), at(500), at(60), at(120), 1, 1},
	} {
		r := Run{From: c.from, Until: c.until}
		if err := r.Fill(t.Context(), h, now); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !r.From.Equal(c.wantFrom) || !r.Until.Equal(c.wantUntil) || len(r.Incidents) != c.incidents ||
			len(r.Actions) != c.actions {
			t.Errorf(
				"%s: from %s until %s, %d incidents, %d actions",
				name,
				r.From,
				r.Until,
				len(r.Incidents),
				len(r.Actions),
			)
		}
	}
	late := Run{From: at(200)}
	if err := late.Fill(t.Context(), h, now); err == nil ||
		probe.HintOf(err) != "there are records from 2026-11-28T19:00:00.000Z to 2026-11-28T21:00:00.000Z" {
		t.Errorf("after all records: %v, hint %q", err, probe.HintOf(err))
	}
	var empty Run
	if err := empty.Fill(t.Context(), past{}, now); err == nil || probe.HintOf(err) == "" {
		t.Errorf("an empty history: %v", err)
	}
}
