package checks

import (
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// advice is what a check first said of a target that is only worth knowing, and
// says still.
type advice struct {
	check  *Check
	report Report
}

// advises reports whether a check's info finding stands already.
func (b *board) advises(c *Check) bool {
	return slices.ContainsFunc(b.advice, func(a advice) bool { return a.check == c })
}

// advise notes an info finding, or that there is none any more.
func (b *board) advise(c *Check, found *Report) {
	i := slices.IndexFunc(b.advice, func(a advice) bool { return a.check == c })
	switch info := found != nil && found.Severity == probe.Info; {
	case info && i < 0:
		b.advice = append(b.advice, advice{c, *found})
	case !info && i >= 0:
		b.advice = slices.Delete(b.advice, i, i+1)
	}
}

// Advice returns what is worth knowing now, by check: once for the origin, or
// for the first edge where the origin shows it not.
func (w *Watch) Advice() []probe.Advice {
	list := []probe.Advice{}
	for _, side := range probe.Sides {
		for _, h := range w.Stream.Histories {
			if h.Target.Side != side {
				continue
			}
			for i := range w.boards[h].advice {
				list = w.boards[h].advice[i].add(list, h.Target)
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
			Check: c.ID, Blame: blame, Side: t.Side, Edge: t.Edge, Renditions: []string{t.Rendition},
			Summary: c.Summary, Line: a.report.Line, Detail: a.report.Detail, Spec: c.Spec,
		})
	case list[i].Side == t.Side && list[i].Edge == t.Edge:
		list[i].Renditions = append(list[i].Renditions, t.Rendition)
	}
	return list
}
