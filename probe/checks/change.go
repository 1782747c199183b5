package checks

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Schedule moves the beginning and the end of the event; zero is not stated.
func (w *Watch) Schedule(starts, ends time.Time) {
	w.opts.Starts, w.opts.Ends = starts, ends
	w.Stream.Starts, w.Stream.Ends = starts, ends
}

// Override sets the checks otherwise, by their ids. What was found by one that
// is off now is forgotten; what others found stands, is no worse than the new rule
// says, and is counted by that from the next look on.
func (w *Watch) Override(overrides map[string]Override) {
	before := w.opts.Overrides
	w.opts.Overrides = overrides
	w.choose()
	for _, b := range w.boards {
		b.trackers = slices.DeleteFunc(b.trackers, func(tr *tracker) bool { return overrides[tr.check.ID].Off })
		b.advice = slices.DeleteFunc(b.advice, func(a advice) bool { return overrides[a.check.ID].Off })
		for _, tr := range b.trackers {
			tr.after, tr.of = w.needed(tr.check)
			if now := overrides[tr.check.ID].Severity; now != before[tr.check.ID].Severity {
				tr.soften(cmp.Or(now, tr.check.Severity))
			}
		}
	}
}

// soften makes what was found no worse than a severity: the next look may.
func (tr *tracker) soften(to probe.Severity) {
	tr.worst, tr.report.Severity = min(tr.worst, to), min(tr.report.Severity, to)
}

// moments are checks by the moment at which they run, in the order of ids.
type moments [len(habits)][]*Check

// momentsOf lists checks by their moments.
func momentsOf(list []*Check) *moments {
	var m moments
	for _, c := range list {
		m[c.When] = append(m[c.When], c)
	}
	return &m
}

// everyCheck is shared by all streams of which no check is off.
var everyCheck = sync.OnceValue(func() *moments { return momentsOf(All()) })

// choose lists the checks that are on.
func (w *Watch) choose() {
	off := func(c *Check) bool { return w.opts.Overrides[c.ID].Off }
	if all := All(); slices.ContainsFunc(all, off) {
		w.moments = momentsOf(slices.DeleteFunc(all, off))
	} else {
		w.moments = everyCheck()
	}
}

// needed is how many findings, of how many rounds, open an incident here.
func (w *Watch) needed(c *Check) (after, of int) {
	after, of = c.Needed()
	if n := w.opts.Overrides[c.ID].After; n > 0 {
		after, of = n, max(of, n+1)
	}
	if w.opts.Once {
		after = 1
	}
	return after, of
}
