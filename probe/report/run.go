package report

import (
	"cmp"
	_ "embed" // the page of the report
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Run is what is known when a run ends.
type Run struct {
	Version   string
	Ended     time.Time
	Snapshot  *probe.Snapshot  // the last one; its Started is when the run began
	Incidents []probe.Incident // all that were open at some time of the run
	Edges     []EdgeScore      // the score of each edge, where the event has several
	Silences  []probe.Silence  // silences and maintenance, also those that did not fall into the run
	Actions   []probe.Action   // what people did in the run, oldest first
}

// Total sums up the incidents of one culprit.
type Total struct {
	Blame     probe.Blame `json:"blame"`
	Incidents int         `json:"incidents"`
	Seconds   float64     `json:"seconds"` // in which at least one of them was open, from the first bad observation on
}

// Totals sums the incidents up by blame, the longest first. Overlapping times
// count once.
func (r *Run) Totals() []Total {
	by := map[probe.Blame][]probe.Incident{}
	for i := range r.Incidents {
		by[r.Incidents[i].Blame] = append(by[r.Incidents[i].Blame], r.Incidents[i])
	}
	totals := []Total{}
	for blame, list := range by {
		totals = append(totals, Total{blame, len(list), r.union(list).Seconds()})
	}
	slices.SortFunc(totals, func(a, b Total) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), strings.Compare(string(a.Blame), string(b.Blame)))
	})
	return totals
}

// union is the time in which at least one of the incidents lasted.
func (r *Run) union(list []probe.Incident) time.Duration {
	slices.SortFunc(list, func(a, b probe.Incident) int { return a.Began.Compare(b.Began) })
	var sum time.Duration
	var until time.Time
	for i := range list {
		from, to := list[i].Began, r.end(&list[i])
		if from.Before(until) {
			from = until
		}
		if to.After(from) {
			sum += to.Sub(from)
			until = to
		}
	}
	return sum
}

func (r *Run) end(in *probe.Incident) time.Time {
	if in.Closed != nil {
		return *in.Closed
	}
	return r.Ended
}

// SortIncidents puts the worst first, and the oldest of those that are alike.
func SortIncidents(list []probe.Incident) {
	slices.SortStableFunc(list, func(a, b probe.Incident) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), a.Began.Compare(b.Began))
	})
}

// JSON writes the report for programs.
func (r *Run) JSON(w io.Writer) error {
	return indented(w, struct {
		Event     string           `json:"event"`
		Version   string           `json:"streamwatch_version"`
		Verdict   probe.Verdict    `json:"verdict"`
		Started   string           `json:"started"`
		Ended     string           `json:"ended"`
		Seconds   float64          `json:"duration_seconds"`
		Totals    []Total          `json:"totals"`
		Edges     []EdgeScore      `json:"edges,omitempty"`
		Incidents []probe.Incident `json:"incidents"`
		Silences  []probe.Silence  `json:"silences"`
		Actions   []probe.Action   `json:"actions"`
		Status    *probe.Snapshot  `json:"status"`
	}{
		r.Snapshot.Event, r.Version, r.Snapshot.Verdict, probe.FormatTime(r.Snapshot.Started), probe.FormatTime(r.Ended),
		r.Ended.Sub(r.Snapshot.Started).Seconds(), r.Totals(), r.Edges, append([]probe.Incident{}, r.Incidents...),
		append([]probe.Silence{}, r.Muted()...), append([]probe.Action{}, r.Actions...), r.Snapshot,
	})
}

//go:embed report.html
var page string

// HTML writes the report for people: one file without scripts.
func (r *Run) HTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"when": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"span": span,
		"lasted": func(in probe.Incident) string {
			return span(r.end(&in).Sub(in.Began))
		},
		"percent": percent, "short": short,
		"seconds": func(s float64) string { return span(probe.Seconds(s)) },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("reading the page of the report: %w", err)
	}
	if err := t.Execute(w, r); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// Muted returns the silences and the maintenance that fell into the run, the
// earliest first, as they were in the end.
func (r *Run) Muted() []probe.Silence {
	all := slices.Clone(r.Silences)
	for i := range r.Actions {
		if s := r.Actions[i].Silence; s != nil {
			all = append(all, *s)
		}
	}
	last := map[string]probe.Silence{}
	for _, s := range all { // the newest is right
		last[s.ID] = s.At(r.Ended)
	}
	list := slices.DeleteFunc(slices.Collect(maps.Values(last)), func(s probe.Silence) bool {
		return !s.From.Before(r.Ended) || s.Until.Before(r.Snapshot.Started)
	})
	slices.SortFunc(list, func(a, b probe.Silence) int {
		return cmp.Or(a.From.Compare(b.From), strings.Compare(a.ID, b.ID))
	})
	return list
}

// Lasted is how long the run took.
func (r *Run) Lasted() time.Duration { return r.Ended.Sub(r.Snapshot.Started) }

// percent writes a share, "–" for none.
func percent(f probe.Fact[float64]) string {
	if !f.Stated {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100*f.Value)
}

// short writes a duration of up to some seconds, "–" for none.
func short(f probe.Fact[time.Duration]) string {
	switch {
	case !f.Stated:
		return "–"
	case f.Value > 0 && f.Value < time.Second:
		return fmt.Sprintf("%.3g ms", float64(f.Value)/float64(time.Millisecond))
	default:
		return span(f.Value)
	}
}

// span writes a duration as people read it: "1 h 4 min", "31.2 s".
func span(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}
