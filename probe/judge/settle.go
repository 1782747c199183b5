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
			if j.ours(tr) {
				tr.worst = min(tr.worst, probe.Warning)
			}
			if tr.active {
				if tr.over(now) {
					tr.end()
				} else {
					j.refresh(tr, now)
				}
			} else if target, more := j.decide(tr, now); more {
				poke = append(poke, target)
			}
		}
		t.trackers = slices.DeleteFunc(t.trackers, func(tr *tracker) bool {
			return !tr.active && !tr.pending && tr.rounds&window(max(tr.of, 8)) == 0
		})
	}
	j.clearOthers(now)
	j.closeOver(now)
	return poke
}

// decide makes a finding part of an incident once the evidence suffices. When
// one more poll of some target would decide it, it returns that target.
func (j *Judge) decide(tr *tracker, now time.Time) (probe.Target, bool) {
	fresh := tr.rounds&1 == 1 && tr.last.Equal(now)
	if tr.pending && tr.clean >= 2 && (tr.check.When == checks.OnPoll || tr.check.When == checks.OnLowLatency) {
		tr.pending = false // it went away while we waited
	}
	if fresh && j.enough(tr, now) {
		tr.pending = true
	}
	if !tr.pending {
		return tr.t.h.Target, fresh && (tr.check.When == checks.OnPoll || tr.check.When == checks.OnLowLatency) // does the playlist fail too?
	}
	if j.awaitsPair(tr, now) {
		return tr.t.h.Pair.Target, true
	}
	if j.unsure(tr) {
		return probe.Target{}, false
	}
	tr.pending = false
	if !j.replays(tr) {
		tr.active = true
		j.assign(tr, now)
	}
	return probe.Target{}, false
}

// awaitsPair reports whether a finding has to wait for the next poll of the
// other side: what is found at the edge, since only the origin tells whose
// fault it is (the second slice of the sandwich), and what our own path could
// cause, since only an answer from the other side, asked later, tells that it
// did not. It does not wait for much longer than such a poll can take.
func (j *Judge) awaitsPair(tr *tracker, now time.Time) bool {
	h := tr.t.h
	if tr.check.When == checks.OnLowLatency {
		return j.awaitsDelivery(tr, now)
	}
	if h.Pair == nil || h.Pair.Polls == 0 || j.opts.Once || tr.check.When == checks.OnSegment || tr.check.When == checks.OnCORS {
		return false // such a check compares the sides by itself
	}
	since, patience := tr.began, max(2*time.Second, h.TD())+time.Second
	switch {
	case tr.check.When == checks.OnPoll && h.Current.Exchange.Failure.OurPath():
		since, patience = h.Current.Exchange.Started, 3*patience
		if now.Sub(tr.began) < patience && !h.Pair.Current.Exchange.Failure.OurPath() && h.Pair.Current.Exchange.Started.Before(since.Add(roundTrip)) {
			return true // it may have come through just before the path was lost
		}
	case h.Target.Side != probe.Edge:
		return false
	}
	if now.Sub(tr.began) >= patience {
		return false
	}
	return h.Pair.Current.Exchange.Done.Before(since) || tr.check.When == checks.OnPlaylist && j.aboutToFind(h.Pair, tr.check)
}

// aboutToFind reports whether the newest look at a target found what a check
// looks for, but not often enough yet.
func (j *Judge) aboutToFind(h *checks.History, c *checks.Check) bool {
	t := j.find(h.Target)
	if t == nil {
		return false
	}
	tr := t.tracker(c)
	return tr != nil && !tr.active && tr.rounds&1 == 1
}

// replays reports whether an edge only repeats, late, a text that was bad at
// the origin too, whose incident is over by now: it never gets a second one.
func (j *Judge) replays(tr *tracker) bool {
	h := tr.t.h
	if h.Target.Side != probe.Edge || h.Pair == nil || tr.check.When != checks.OnPlaylist && tr.check.When != checks.OnUpdate {
		return false
	}
	t := j.find(h.Pair.Target)
	if t == nil {
		return false
	}
	origin := t.tracker(tr.check)
	if origin == nil || origin.incident == nil || !origin.incident.closed {
		return false
	}
	_, seen := h.Pair.FindVersion(h.Good.Hash)
	return seen
}

// refresh takes what an active finding newly reports over into its incident
// when it is worse, or no longer our own path's.
func (j *Judge) refresh(tr *tracker, now time.Time) {
	in := tr.incident
	if in == nil || !tr.last.Equal(now) || !slices.Contains(in.members, tr) {
		return
	}
	if s := j.cap(tr, tr.report.Severity); s > in.Severity {
		in.Severity = s
		in.Detail = tr.report.Detail
		in.dirty = true
	}
	if in.Blame == probe.BlamePath && !j.path.blind && !j.ours(tr) {
		in.Blame = j.blame(tr)
		in.dirty = true
	}
}
