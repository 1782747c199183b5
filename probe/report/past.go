package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Past is the whole history of an event.
type Past interface {
	History
	Recorded(ctx context.Context) (from, until time.Time, err error)
	Incidents(ctx context.Context, f probe.IncidentFilter) ([]probe.Incident, error)
	Actions(ctx context.Context, since time.Time) ([]probe.Action, error)
}

// Fill reads the records, the incidents and what people did from From on until
// Until; zero is where the history begins and ends. Nothing is recorded after now.
func (r *Run) Fill(ctx context.Context, h Past, now time.Time) (err error) {
	if err := r.bound(ctx, h, now); err != nil {
		return err
	}
	if r.Records, err = Read(ctx, h, r.From, r.Until); err != nil {
		return err
	}
	if r.Incidents, err = h.Incidents(ctx, probe.IncidentFilter{Since: r.From}); err != nil {
		return err
	}
	r.Incidents = slices.DeleteFunc(r.Incidents, func(in probe.Incident) bool { return !in.Began.Before(r.Until) })
	SortIncidents(r.Incidents)
	if r.Actions, err = h.Actions(ctx, r.From); err != nil {
		return err
	}
	r.Actions = slices.DeleteFunc(r.Actions, func(a probe.Action) bool { return a.At.After(r.Until) })
	if r.Records.Empty() && len(r.Incidents) == 0 {
		return probe.WithHint(
			fmt.Errorf("nothing was recorded between %s and %s", probe.FormatTime(r.From), probe.FormatTime(r.Until)),
			"nobody watched then; leave --since and --until out for all there is",
		)
	}
	return nil
}

// bound sets From and Until within what was recorded.
func (r *Run) bound(ctx context.Context, h Past, now time.Time) error {
	first, last, err := h.Recorded(ctx)
	if err != nil {
		return err
	}
	if first.IsZero() {
		return probe.WithHint(
			errors.New("nothing was recorded yet"),
			"streamwatch run records from its first poll on, and writes every ten seconds",
		)
	}
	if last.After(now) {
		last = now
	}
	if r.From.IsZero() || r.From.Before(first) && (r.Until.IsZero() || r.Until.After(first)) { // nobody watched before
		r.From = first
	}
	if r.Until.IsZero() || r.Until.After(last) {
		r.Until = last
	}
	if !r.From.Before(r.Until) {
		return probe.WithHint(
			fmt.Errorf("nothing was recorded from %s on until %s", probe.FormatTime(r.From), probe.FormatTime(r.Until)),
			"there are records from "+probe.FormatTime(first)+" to "+probe.FormatTime(last),
		)
	}
	r.From, r.Until = r.From.UTC(), r.Until.UTC()
	return nil
}
