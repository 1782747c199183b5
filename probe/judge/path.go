package judge

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

const (
	// roundTrip is how long after a request that found no answer another must
	// have been sent for its answer to prove that our own path was there: what
	// was sent beside it may have come through just before the path was lost.
	roundTrip = 250 * time.Millisecond

	// controlDue is how long the control URL, asked when a poll failed, is
	// waited for before both sides' silence speaks for itself.
	controlDue = time.Second
)

// path is what is known of the monitor's own network.
type path struct {
	blind   bool             // it is the suspect
	doubt   time.Time        // since when only the control URL's next answer can clear it; zero is not in doubt
	back    time.Time        // when it was last there again: what was asked before and failed says nothing
	control probe.Fact[bool] // whether the control URL answered
	asked   time.Time        // when it was
	from    time.Time        // the first of its answers without a failure since; zero is from the beginning
}

// Control tells the judge whether the control URL answered when it was asked:
// whether the monitor's own path works. Never told, a judge that reaches
// neither side suspects its own path.
func (j *Judge) Control(ok bool, asked time.Time) {
	if p := &j.path; p.control.Stated && !p.control.Value && ok {
		p.from = asked
	}
	j.path.control, j.path.asked = probe.State(ok), asked
}

// look takes in a poll, and whether our own path may be what is broken.
func (j *Judge) look(t *target, o *probe.Observation, now time.Time) {
	if o.Poll() {
		switch lost := o.Exchange.Failure.OurPath(); {
		case !lost:
			t.lost = time.Time{}
		case t.lost.IsZero():
			t.lost = o.Exchange.Started
		}
	}
	p := &j.path
	since, suspect := j.suspect()
	works := p.control.Stated && p.control.Value
	cleared := works && !p.asked.Before(since)
	switch {
	case cleared || !suspect || !works || p.blind:
		p.doubt = time.Time{}
	case p.doubt.IsZero():
		p.doubt = now
	}
	was := p.blind
	p.blind = suspect && !cleared && (p.doubt.IsZero() || now.Sub(p.doubt) >= controlDue)
	if was && !p.blind && (!cleared || p.from.After(since)) {
		p.back = now // it was lost; had the control URL answered all along, it was not
	}
}

// suspect reports whether both sides fail in a way that a dead network causes,
// since when, and that nothing sent later was answered (architecture, rule 4).
// What was last asked before says nothing yet.
func (j *Judge) suspect() (since time.Time, suspect bool) {
	var lost [len(probe.Sides) + 1]bool
	for _, t := range j.targets {
		if t.lost.IsZero() {
			continue
		}
		lost[t.h.Target.Side] = true
		if since.IsZero() || t.lost.Before(since) {
			since = t.lost
		}
	}
	for _, t := range j.targets {
		if t.h.Polls > 0 && t.lost.IsZero() && t.h.Current.Exchange.Started.After(since.Add(roundTrip)) {
			return since, false
		}
	}
	return since, lost[probe.Origin] && lost[probe.Edge]
}

// ours reports whether what a finding stands on is a failure of our own path,
// as far as one can tell: also of what was under way when the path came back.
func (j *Judge) ours(tr *tracker) bool {
	if tr.rounds&1 == 0 || tr.t.h.Current == nil {
		return false
	}
	ex := &tr.t.h.Current.Exchange
	return ex.Failure.OurPath() && (j.path.blind || ex.Started.Before(j.path.back))
}

// unsure reports whether a finding waits for the control URL.
func (j *Judge) unsure(tr *tracker) bool {
	return !j.path.blind && !j.path.doubt.IsZero() && tr.check.When == checks.OnPoll && tr.t.h.Current.Exchange.Failure.OurPath()
}

// cap bounds a severity while our own path is the suspect: blind never pages.
func (j *Judge) cap(tr *tracker, s probe.Severity) probe.Severity {
	if j.path.blind || j.ours(tr) {
		return min(s, probe.Warning)
	}
	return s
}

// clearOthers takes the blame from whoever it was put on just before our own
// path became the suspect: the first sign of a lost path may be one side's.
func (j *Judge) clearOthers(now time.Time) {
	for _, in := range j.incidents {
		if !j.path.blind || in.closed || in.resumed || in.Blame == probe.BlamePath || len(in.members) == 0 {
			continue
		}
		young := true
		for _, tr := range in.members {
			young = young && (!tr.active || j.ours(tr)) && now.Sub(in.Opened) <= max(2*time.Second, tr.t.h.TD())+time.Second
		}
		if young {
			in.Blame, in.Severity, in.dirty = probe.BlamePath, min(in.Severity, probe.Warning), true
		}
	}
}
