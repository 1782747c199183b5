package judge

import (
	"fmt"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// incident is an open incident with the findings that hold it open.
type incident struct {
	probe.Incident
	check     *checks.Check
	members   []*tracker // findings of its own check and side
	followers []*tracker // findings that it explains
	clear     time.Time  // since when no member is active; zero while one is
	resumed   bool       // from before a restart, not seen again yet
	dirty     bool       // changed since it was last reported
	told      bool       // reported before
	closed    bool
}

// resumeGrace is how long, at least, an incident from before a restart waits to
// be seen again before it closes: a fault that still holds may take several
// target durations to show.
const resumeGrace = 30 * time.Second

func (j *Judge) resume(in probe.Incident) {
	c, ok := checks.Find(in.Check)
	if !ok || in.Stream != j.opts.Stream || in.State != probe.Opened {
		return
	}
	j.ids[in.ID] = true
	j.incidents = append(j.incidents, &incident{Incident: in, check: c, resumed: true, told: true})
}

// assign makes a finding part of an incident: one of the same check and side,
// one that explains it, one that it explains, or a new one.
func (j *Judge) assign(tr *tracker, now time.Time) {
	side := tr.side()
	for _, in := range j.incidents {
		if !in.closed && in.check == tr.check && in.Side == side {
			in.join(tr, j.cap(tr, tr.worst))
			j.adopt(in, tr, now)
			return
		}
	}
	for _, in := range j.incidents {
		if !in.closed && (explains(in.claim(), tr.claim(), tr.together()) || in.told && peers(in.claim(), tr.claim())) {
			in.follow(tr)
			return
		}
	}
	in := j.takeOver(tr)
	if in == nil {
		in = j.open(now)
	}
	in.join(tr, j.cap(tr, tr.worst))
	in.describe(tr, j)
	j.adopt(in, tr, now)
}

func (tr *tracker) side() probe.Side {
	if tr.check.Side != probe.NoSide {
		return tr.check.Side
	}
	return tr.t.h.Target.Side
}

func (tr *tracker) rendition() string { return tr.t.h.Target.Rendition }

// open starts a new incident.
func (j *Judge) open(now time.Time) *incident {
	in := &incident{Incident: probe.Incident{State: probe.Opened, Event: j.opts.Event, Scope: probe.ScopeStream, Streams: []string{j.opts.Stream}, Stream: j.opts.Stream, Count: 1, Opened: now.UTC()}}
	id := now.UTC().Format("20060102T150405Z-") + j.opts.Stream // not the check: the cause may turn out to be another
	in.ID = id
	for n := 2; j.ids[in.ID]; n++ {
		in.ID = fmt.Sprintf("%s-%d", id, n)
	}
	j.ids[in.ID] = true
	j.incidents = append(j.incidents, in)
	return in
}

// join adds a finding of the incident's own check, as bad as s.
func (in *incident) join(tr *tracker, s probe.Severity) {
	tr.incident = in
	in.resumed = false
	if !slices.Contains(in.members, tr) {
		in.members = append(in.members, tr)
	}
	if r := tr.rendition(); !slices.Contains(in.Renditions, r) {
		in.Renditions = append(in.Renditions, r)
		in.dirty = true
	}
	if s > in.Severity {
		in.Severity, in.dirty = s, true
	}
}

// describe makes the incident one of tr's check.
func (in *incident) describe(tr *tracker, j *Judge) {
	if was := in.Check; was != "" && was != tr.check.ID && !slices.Contains(in.Consequences, was) {
		in.Consequences = append(in.Consequences, was)
	}
	in.check = tr.check
	in.Check, in.Summary, in.Spec = tr.check.ID, tr.check.Summary, tr.check.Spec
	in.Consequences = slices.DeleteFunc(in.Consequences, func(id string) bool { return id == in.Check })
	in.Severity = max(in.Severity, j.cap(tr, tr.worst)) // what was taken over was that bad
	in.Detail = tr.report.Detail
	in.Side, in.Rendition = tr.side(), tr.rendition()
	if in.Began.IsZero() || tr.began.Before(in.Began) {
		in.Began = tr.began.UTC()
	}
	in.Blame = j.blame(tr)
	in.Evidence = tr.evidence
	if p := tr.t.h.Pair; p != nil && p.Current != nil {
		in.Evidence = append(slices.Clone(in.Evidence), probe.EvidenceOf(&p.Current.Exchange))
	}
	in.dirty = true
}

// closeOver closes incidents whose findings are all past. Consequences keep
// theirs open for a while, as an edge recovers after its origin; what lasts
// longer on the same side inherits the incident; at the edge it has a cause of
// its own and becomes an incident of its own.
func (j *Judge) closeOver(now time.Time) {
	for _, in := range slices.Clone(j.incidents) {
		if in.closed {
			continue
		}
		if slices.ContainsFunc(in.members, func(tr *tracker) bool { return tr.active && tr.incident == in }) {
			in.clear = time.Time{}
			continue
		}
		if in.clear.IsZero() {
			in.clear = now
		}
		left := slices.DeleteFunc(slices.Clone(in.followers), func(tr *tracker) bool { return !tr.active || tr.incident != in })
		lasts := slices.ContainsFunc(left, func(tr *tracker) bool { return tr.rounds&1 == 1 })
		switch waited := now.Sub(in.clear); {
		case in.resumed && waited < max(resumeGrace, j.recovery()):
		case lasts && waited < j.recovery():
		case lasts && in.inherit(left, j):
		default:
			in.end(now)
			for _, tr := range left {
				if tr.rounds&1 == 1 && tr.last.After(in.clear) {
					j.assign(tr, now)
				} else {
					tr.end()
				}
			}
		}
	}
}

// change reports whether a check finds that something is other than before, or
// could be had at last: what the end of a fault shows too.
func change(c *checks.Check) bool {
	return c.When == checks.OnUpdate || c.ID == "avail.early" || c.ID == "seg.hash"
}

// recovery is how long consequences may outlast their cause: until a new
// window has gone through every cache.
func (j *Judge) recovery() time.Duration {
	longest := 5 * time.Second
	for _, t := range j.targets {
		longest = max(longest, 5*t.h.TD()+2*min(t.h.Allowance(), 2*t.h.TD()))
	}
	return longest
}

func (in *incident) end(now time.Time) {
	at := now.UTC()
	in.State, in.Closed = probe.Closed, &at
	in.closed, in.dirty = true, true
}

// changes returns the incidents that changed since the last call, and drops
// those that closed. One that opened and was folded in between never was.
func (j *Judge) changes() []probe.Incident {
	var out []probe.Incident
	for _, in := range j.incidents {
		if in.dirty && (in.told || !in.closed) {
			out = append(out, in.copy())
			in.dirty, in.told = false, true
		}
	}
	j.incidents = slices.DeleteFunc(j.incidents, func(in *incident) bool { return in.closed })
	return out
}

func (in *incident) copy() probe.Incident {
	c := in.Incident
	c.Renditions = slices.Clone(c.Renditions)
	c.Consequences = slices.Clone(c.Consequences)
	c.Evidence = slices.Clone(c.Evidence)
	return c
}
