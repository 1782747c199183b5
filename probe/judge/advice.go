package judge

import (
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// advice is what a check first said of a target that is only worth knowing, and
// says still.
type advice struct {
	check  *checks.Check
	report checks.Report
}

// advises reports whether a check's info finding stands already.
func (t *target) advises(c *checks.Check) bool {
	return slices.ContainsFunc(t.advice, func(a advice) bool { return a.check == c })
}

// advise notes an info finding, or that there is none any more.
func (t *target) advise(c *checks.Check, found *checks.Report) {
	i := slices.IndexFunc(t.advice, func(a advice) bool { return a.check == c })
	switch info := found != nil && found.Severity == probe.Info; {
	case info && i < 0:
		t.advice = append(t.advice, advice{c, *found})
	case !info && i >= 0:
		t.advice = slices.Delete(t.advice, i, i+1)
	}
}

// Advice returns what is worth knowing now, by check: once for the origin, or
// for the edge where the origin shows it not.
func (j *Judge) Advice() []probe.Advice {
	list := []probe.Advice{}
	for _, side := range probe.Sides {
		for _, t := range j.targets {
			if t.h.Target.Side != side {
				continue
			}
			for i := range t.advice {
				list = t.advice[i].add(list, t.h.Target)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b probe.Advice) int { return strings.Compare(a.Check, b.Check) })
	return list
}

// add adds the advice for a target to a list that names each check once.
func (a *advice) add(list []probe.Advice, t probe.Target) []probe.Advice {
	c := a.check
	i := slices.IndexFunc(list, func(b probe.Advice) bool { return b.Check == c.ID })
	switch {
	case i < 0:
		blame := c.Blame
		if a.report.Blame != "" {
			blame = a.report.Blame
		}
		return append(list, probe.Advice{
			Check: c.ID, Blame: blame, Side: t.Side, Renditions: []string{t.Rendition}, Summary: c.Summary, Detail: a.report.Detail, Spec: c.Spec,
		})
	case list[i].Side == t.Side:
		list[i].Renditions = append(list[i].Renditions, t.Rendition)
	}
	return list
}
