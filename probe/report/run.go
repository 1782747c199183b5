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

// Run is what is known of an event in a time: of a run when it ends, or of what
// somebody asks for.
type Run struct {
	Version   string
	Event     string
	From      time.Time
	Until     time.Time
	Snapshot  *probe.Snapshot  // the last one of a run; nil where the report is made from the history alone
	Records   *Records         // what was measured; nil is nothing
	Incidents []probe.Incident // all that were open at some time of it
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
		if from.Before(r.From) {
			from = r.From
		}
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
	if in.Closed != nil && in.Closed.Before(r.Until) {
		return *in.Closed
	}
	return r.Until
}

// SortIncidents puts the worst first, and the oldest of those that are alike.
func SortIncidents(list []probe.Incident) {
	slices.SortStableFunc(list, func(a, b probe.Incident) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), a.Began.Compare(b.Began))
	})
}

// JSON writes the report for programs.
func (r *Run) JSON(w io.Writer) error {
	type availabilities struct {
		All     Availability   `json:"all"`
		Streams []Availability `json:"streams"`
	}
	return indented(w, struct {
		Event        string           `json:"event"`
		Version      string           `json:"streamwatch_version"`
		Verdict      probe.Verdict    `json:"verdict,omitempty"`
		Started      string           `json:"started"`
		Ended        string           `json:"ended"`
		Seconds      float64          `json:"duration_seconds"`
		Availability availabilities   `json:"availability"`
		Detection    Detection        `json:"detection"`
		Totals       []Total          `json:"totals"`
		Edges        []EdgeScore      `json:"edges,omitempty"`
		Longest      string           `json:"longest_incident,omitempty"`
		Worst        string           `json:"worst_incident,omitempty"`
		Incidents    []probe.Incident `json:"incidents"`
		Silences     []probe.Silence  `json:"silences"`
		Actions      []probe.Action   `json:"actions"`
		Timeline     []Moment         `json:"timeline"`
		Status       *probe.Snapshot  `json:"status"`
	}{
		r.Event, r.Version, r.verdict(), probe.FormatTime(r.From), probe.FormatTime(r.Until), r.Lasted().Seconds(),
		availabilities{r.All(), r.Streams()},
		r.Detection(), r.Totals(), r.Edges, idOf(r.Longest()), idOf(r.Worst()),
		append([]probe.Incident{}, r.Incidents...), append([]probe.Silence{}, r.Muted()...),
		append([]probe.Action{}, r.Actions...), r.Timeline(), r.Snapshot,
	})
}

func (r *Run) verdict() probe.Verdict {
	if r.Snapshot == nil {
		return ""
	}
	return r.Snapshot.Verdict
}

func idOf(in *probe.Incident) string {
	if in == nil {
		return ""
	}
	return in.ID
}

//go:embed report.html
var page string

// HTML writes the report for people: one file without scripts.
func (r *Run) HTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"when":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"clock":   func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"span":    span,
		"lasted":  func(in probe.Incident) string { return span(r.lasted(&in)) },
		"percent": percentFact, "short": short,
		"seconds": func(s float64) string { return span(probe.Seconds(s)) },
		"share":   percent,
		"or0":     func(s *float64) string { return spanOf(s) },
		"of":      func(m map[string]float64, side string) string { return percentOf(m, side) },
		"in":      func(m map[probe.Verdict]float64, v string) string { return spanIn(m, probe.Verdict(v)) },
		"band":    r.band,
		"axis":    r.axis,
		"plots":   r.plots,
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
		last[s.ID] = s.At(r.Until)
	}
	list := slices.DeleteFunc(slices.Collect(maps.Values(last)), func(s probe.Silence) bool {
		return !s.From.Before(r.Until) || s.Until.Before(r.From)
	})
	slices.SortFunc(list, func(a, b probe.Silence) int {
		return cmp.Or(a.From.Compare(b.From), strings.Compare(a.ID, b.ID))
	})
	return list
}

// Lasted is how long the time of the report is.
func (r *Run) Lasted() time.Duration { return r.Until.Sub(r.From) }

// percentFact writes a share, "–" for none.
func percentFact(f probe.Fact[float64]) string {
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
