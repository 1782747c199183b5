package checks

import (
	"slices"
	"time"
)

// Schedule moves the beginning and the end of the event; zero is not stated.
func (w *Watch) Schedule(starts, ends time.Time) {
	w.opts.Starts, w.opts.Ends = starts, ends
	w.Stream.Starts, w.Stream.Ends = starts, ends
}

// Override sets the checks otherwise, by their ids. What was found by one that
// is off now is forgotten; what others found stands, and is counted by the new
// rule from the next look on.
func (w *Watch) Override(overrides map[string]Override) {
	w.opts.Overrides = overrides
	w.choose()
	for _, b := range w.boards {
		b.trackers = slices.DeleteFunc(b.trackers, func(tr *tracker) bool { return overrides[tr.check.ID].Off })
		b.advice = slices.DeleteFunc(b.advice, func(a advice) bool { return overrides[a.check.ID].Off })
		for _, tr := range b.trackers {
			tr.after, tr.of = w.needed(tr.check)
		}
	}
}

// choose lists the checks that are on, by the moment at which they run.
func (w *Watch) choose() {
	w.moments = [len(habits)][]*Check{}
	for _, c := range All() {
		if !w.opts.Overrides[c.ID].Off {
			w.moments[c.When] = append(w.moments[c.When], c)
		}
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
