package judge

import (
	"fmt"
	"slices"
	"strings"
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
			in.join(tr, j.cap(tr.worst))
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
	in.join(tr, j.cap(tr.worst))
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

// claim is what a finding or an incident says, for telling cause from
// consequence.
type claim struct {
	check      *checks.Check
	side       probe.Side
	renditions []string
	began      time.Time
}

func (tr *tracker) claim() claim {
	return claim{tr.check, tr.side(), []string{tr.rendition()}, tr.began}
}

func (in *incident) claim() claim { return claim{in.check, in.Side, in.Renditions, in.Began} }

// explains reports whether a cause can have a consequence: the check says so,
// or it is the same check further down; the cause is on the same side or at
// the origin; and it holds for the rendition. What the origin does to one
// rendition it soon does to others, so from the origin to the edge, and for
// what began together, the rendition does not matter.
func explains(cause, c claim, together time.Duration) bool {
	if cause.side != c.side && cause.side != probe.Origin {
		return false
	}
	if same := cause.check == c.check; same && cause.side == c.side || !same && !cause.check.ExplainsCheck(c.check.ID) {
		return false
	}
	return cause.side != c.side || slices.Contains(cause.renditions, "") || strings.HasPrefix(c.check.ID, "alt.") ||
		cause.began.Sub(c.began).Abs() <= together ||
		!slices.ContainsFunc(c.renditions, func(r string) bool { return r != "" && !slices.Contains(cause.renditions, r) })
}

// peers reports whether two claims are ways to see one side stand still. The
// one that was told first stays: another name for it would be no news.
func peers(a, b claim) bool {
	return a.side == b.side && staleness(a.check) && staleness(b.check)
}

// together is how far apart findings can begin that have one cause: each
// target shows it at its own next poll.
func (tr *tracker) together() time.Duration { return max(3*tr.t.h.TD(), 5*time.Second) }

// open starts a new incident.
func (j *Judge) open(now time.Time) *incident {
	in := &incident{Incident: probe.Incident{State: probe.Opened, Event: j.opts.Event, Stream: j.opts.Stream, Opened: now.UTC()}}
	id := now.UTC().Format("20060102T150405Z-") + j.opts.Stream // not the check: the cause may turn out to be another
	in.ID = id
	for n := 2; j.ids[in.ID]; n++ {
		in.ID = fmt.Sprintf("%s-%d", id, n)
	}
	j.ids[in.ID] = true
	j.incidents = append(j.incidents, in)
	return in
}

// takeOver returns the open incident that tr turns out to be the cause of, with
// its findings made consequences; nil when there is none. A cause cannot have
// begun long after its consequence.
func (j *Judge) takeOver(tr *tracker) *incident {
	for _, in := range j.incidents {
		if !in.closed && !in.resumed && tr.causes(in) {
			in.followers = append(in.followers, in.members...)
			in.members = nil
			in.Renditions = nil
			return in
		}
	}
	return nil
}

func (tr *tracker) causes(in *incident) bool {
	if in.told && peers(tr.claim(), in.claim()) {
		return false
	}
	return !tr.began.After(in.Began.Add(2*tr.together())) && explains(tr.claim(), in.claim(), tr.together())
}

// adopt folds other open incidents under one that explains them.
func (j *Judge) adopt(cause *incident, tr *tracker, now time.Time) {
	for _, in := range j.incidents {
		if in == cause || in.closed || in.resumed || len(in.members) == 0 || !tr.causes(in) {
			continue
		}
		for _, folded := range slices.Concat(in.members, in.followers) {
			cause.follow(folded)
		}
		in.members, in.followers = nil, nil
		in.Detail += "; explained by " + cause.ID
		in.end(now)
	}
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

// follow adds a finding that the incident explains.
func (in *incident) follow(tr *tracker) {
	tr.incident = in
	if !slices.Contains(in.followers, tr) {
		in.followers = append(in.followers, tr)
	}
	if id := tr.check.ID; id != in.Check && !slices.Contains(in.Consequences, id) {
		in.Consequences = append(in.Consequences, id)
		in.dirty = true
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
	in.Severity = max(in.Severity, j.cap(tr.worst)) // what was taken over was that bad
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

// inherit makes a consequence on the same side, that was found after the
// incident's own findings were, its own: what went on all the while is one
// story, seen by another check. A change is no such finding: recovery is one.
func (in *incident) inherit(left []*tracker, j *Judge) bool {
	var found time.Time
	for _, tr := range in.members {
		if tr.last.After(found) {
			found = tr.last
		}
	}
	i := slices.IndexFunc(left, func(tr *tracker) bool {
		return !found.IsZero() && tr.side() == in.Side && tr.last.After(found) && !change(tr.check)
	})
	if i < 0 {
		return false
	}
	heir := left[i]
	in.members, in.Renditions = nil, nil
	for _, tr := range left {
		if tr.check == heir.check && tr.side() == in.Side {
			in.join(tr, j.cap(tr.worst))
		}
	}
	in.followers = slices.DeleteFunc(in.followers, func(tr *tracker) bool { return slices.Contains(in.members, tr) })
	in.clear = time.Time{}
	in.describe(heir, j)
	return true
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
