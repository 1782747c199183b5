package judge

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// settle moves findings on: those with enough evidence become part of an
// incident, those that are over leave theirs, and incidents without any close.
// It returns the targets whose next poll would decide something.
func (j *Judge) settle(now time.Time) (poke []probe.Target) {
	for _, t := range j.targets {
		for _, tr := range t.trackers {
			if tr.active {
				if tr.over(now) {
					tr.active = false
				} else {
					j.refresh(tr)
				}
			} else if target, more := j.decide(tr, now); more {
				poke = append(poke, target)
			}
		}
		t.trackers = slices.DeleteFunc(t.trackers, func(tr *tracker) bool {
			return !tr.active && !tr.pending && tr.rounds&window(max(tr.of, 8)) == 0
		})
	}
	j.closeOver(now)
	return poke
}

// decide makes a finding part of an incident once the evidence suffices. When
// one more poll of some target would decide it, it returns that target.
func (j *Judge) decide(tr *tracker, now time.Time) (probe.Target, bool) {
	fresh := tr.rounds&1 == 1 && tr.last.Equal(now)
	if tr.pending && tr.clean >= 2 && tr.check.When == checks.OnPoll {
		tr.pending = false // it went away while we waited
	}
	if fresh && j.enough(tr, now) {
		tr.pending = true
	}
	if !tr.pending {
		return tr.t.h.Target, fresh && tr.check.When == checks.OnPoll && tr.worst >= probe.Warning
	}
	if pair, wait := j.awaitsPair(tr, now); wait {
		return pair, true
	}
	tr.pending, tr.active = false, true
	j.assign(tr, now)
	return probe.Target{}, false
}

// awaitsPair reports whether an edge finding has to wait for the origin's next
// poll, which tells whose fault it is (the second slice of the sandwich). It
// does not wait for longer than a target duration.
func (j *Judge) awaitsPair(tr *tracker, now time.Time) (probe.Target, bool) {
	h := tr.t.h
	if h.Target.Side != probe.Edge || h.Pair == nil || j.opts.Once || h.Pair.Polls == 0 {
		return probe.Target{}, false
	}
	if !h.Pair.Current.Exchange.Done.Before(tr.began) {
		return probe.Target{}, false
	}
	return h.Pair.Target, now.Sub(tr.began) < max(2*time.Second, h.TD())+time.Second
}

// refresh takes a newer, worse or later report of an active finding over into
// its incident.
func (j *Judge) refresh(tr *tracker) {
	in := tr.incident
	if in == nil || !slices.Contains(in.members, tr) {
		return
	}
	if s := j.cap(tr.worst); s > in.Severity {
		in.Severity = s
		in.Detail = tr.report.Detail
		in.dirty = true
	}
}

// cap bounds a severity while our own path is the suspect: blind never pages.
func (j *Judge) cap(s probe.Severity) probe.Severity {
	if j.blind {
		return min(s, probe.Warning)
	}
	return s
}
