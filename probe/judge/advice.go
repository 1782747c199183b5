package judge

import (
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// remark is what a check first said of a target that is only worth knowing, and
// says still.
type remark struct {
	check  *checks.Check
	report checks.Report
}

// remarked reports whether a check's info finding stands already.
func (t *target) remarked(c *checks.Check) bool {
	return slices.ContainsFunc(t.remarks, func(r remark) bool { return r.check == c })
}

// remark notes an info finding, or that there is none any more.
func (t *target) remark(c *checks.Check, found *checks.Report) {
	i := slices.IndexFunc(t.remarks, func(r remark) bool { return r.check == c })
	switch info := found != nil && found.Severity == probe.Info; {
	case info && i < 0:
		t.remarks = append(t.remarks, remark{c, *found})
	case !info && i >= 0:
		t.remarks = slices.Delete(t.remarks, i, i+1)
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
			for i := range t.remarks {
				list = advise(list, t.h.Target, &t.remarks[i])
			}
		}
	}
	slices.SortStableFunc(list, func(a, b probe.Advice) int { return strings.Compare(a.Check, b.Check) })
	return list
}

func advise(list []probe.Advice, t probe.Target, r *remark) []probe.Advice {
	c := r.check
	i := slices.IndexFunc(list, func(a probe.Advice) bool { return a.Check == c.ID })
	switch {
	case i < 0:
		blame := c.Blame
		if r.report.Blame != "" {
			blame = r.report.Blame
		}
		return append(list, probe.Advice{
			Check: c.ID, Blame: blame, Side: t.Side, Renditions: []string{t.Rendition}, Summary: c.Summary, Detail: r.report.Detail, Spec: c.Spec,
		})
	case list[i].Side == t.Side:
		list[i].Renditions = append(list[i].Renditions, t.Rendition)
	}
	return list
}
