package drill

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/probe"
)

// atOnce bounds the drills that are held side by side. Each waits most of the time.
const atOnce = 64

// Every lists the drills of an event with one edge, then those of two.
func Every() []Drill { return append(All(), OfEdges()...) }

// Named returns the drills of faults, and all of them where no fault is named.
func Named(faults []string) ([]Drill, error) {
	if len(faults) == 0 {
		return Every(), nil
	}
	var picked []Drill
	for _, name := range faults {
		d, ok := Find(name)
		if !ok {
			var names []string
			for _, d := range Every() {
				names = append(names, d.Fault)
			}
			hint := cmp.Or(rule.DidYouMean(name, names), "streamwatch drill --help lists them")
			return nil, probe.Usage(fmt.Sprintf("unknown fault %q", name), hint)
		}
		picked = append(picked, d)
	}
	return picked, nil
}

// Faults lists what can be drilled, a line each.
func Faults() string {
	var b strings.Builder
	for _, d := range Every() {
		fmt.Fprintf(&b, "  %-19s %s\n", d.Fault, d.Doc())
	}
	return strings.TrimRight(b.String(), "\n")
}

// Hold holds drills, several at a time, and returns their outcomes in their order.
func Hold(ctx context.Context, drills []Drill, s Settings) ([]Outcome, error) {
	outcomes := make([]Outcome, len(drills))
	slots := make(chan struct{}, atOnce)
	var held sync.WaitGroup
	for i := range drills {
		held.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			outcomes[i] = Run(ctx, drills[i], s)
		})
	}
	held.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("holding the drills: %w", ctx.Err())
	}
	return outcomes, nil
}

// Results sums outcomes up, and returns a table of them with its head.
func Results(outcomes []Outcome) (all []Result, rows [][]string) {
	all = []Result{}
	rows = [][]string{{"FAULT", "RESULT", "EXPECTED", "BLAME", "WITHIN", "SEEN", "BLAME", "AFTER"}}
	for i := range outcomes {
		r := resultOf(&outcomes[i])
		all, rows = append(all, r), append(rows, r.row())
	}
	return all, rows
}

// Found is the result of a drill that was met.
const Found = "found"

// Result is what became of one drill, for people and programs.
type Result struct {
	Fault    string   `json:"fault"`
	Result   string   `json:"result"` // found, missed, late, noisy, vacuous, or error
	Expected []string `json:"expected_checks"`
	Blames   []string `json:"expected_blames"`
	Within   float64  `json:"within_seconds"`
	Seen     string   `json:"seen_check,omitempty"`
	Blame    string   `json:"seen_blame,omitempty"`
	After    float64  `json:"after_seconds,omitempty"`
	Others   []string `json:"others,omitempty"` // incidents beside the expected one
}

// resultOf sums an outcome up.
func resultOf(o *Outcome) Result {
	r := Result{Fault: o.Drill.Fault, Result: Found, Expected: o.Drill.Checks, Within: o.Allowance.Seconds()}
	for _, b := range o.Drill.Blame {
		r.Blames = append(r.Blames, string(b))
	}
	if in := o.Incident; in != nil {
		r.Seen, r.Blame, r.After = in.Check, string(in.Blame), o.Delay.Seconds()
	}
	for i := range o.Before {
		r.Others = append(r.Others, o.Before[i].Check)
	}
	for i := range o.Others {
		r.Others = append(r.Others, o.Others[i].Check)
	}
	switch {
	case o.Err != nil:
		r.Result = "error"
	case o.Changed == 0:
		r.Result = "vacuous" // the fault changed nothing that was served
	case o.Incident == nil:
		r.Result = "missed"
	case o.Delay > o.Allowance:
		r.Result = "late"
	case !o.OK():
		r.Result = "noisy"
	}
	return r
}

// row is a line of the table.
func (r *Result) row() []string {
	row := []string{r.Fault, r.Result, r.Expected[0], r.Blames[0], fmt.Sprintf("%.1fs", r.Within), "-", "-", "-"}
	if r.Seen != "" {
		row[5], row[6], row[7] = r.Seen, r.Blame, fmt.Sprintf("%.1fs", r.After)
	}
	if len(r.Others) > 0 {
		row[7] += " and " + strings.Join(r.Others, ", ")
	}
	return row
}
