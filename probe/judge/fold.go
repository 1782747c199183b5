package judge

import (
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

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
			in.join(tr, j.cap(tr, tr.worst))
		}
	}
	in.followers = slices.DeleteFunc(in.followers, func(tr *tracker) bool { return slices.Contains(in.members, tr) })
	in.clear = time.Time{}
	in.describe(heir, j)
	return true
}
