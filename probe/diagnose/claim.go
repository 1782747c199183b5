package diagnose

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// claim is what one check says of one place of a stream at one host, on one
// target or on several.
type claim struct {
	stream   *Stream
	check    *checks.Check
	side     probe.Side
	edge     string // as in probe.Place
	host     string // that it is asked at
	symptoms []*checks.Symptom
	over     []*checks.Symptom // that ended lately, while others of it hold
	began    time.Time
	last     time.Time // newest bad look
	ready    time.Time // zero: only stirring, not often enough yet
	sick     bool      // the newest look at one of its targets was bad
	past     bool      // over, but lately
	parent   *claim    // what explains it; nil for a cause
	peers    peers     // of a cause at one of several edges
	shared   []string  // the names of all edges, where every one shows it
}

func (c *claim) add(s *checks.Symptom) {
	ended := !s.Ended.IsZero()
	switch {
	case ended && !c.past:
		c.over = append(c.over, s)
		return
	case !ended && c.past && len(c.symptoms) > 0:
		c.over = c.symptoms
		c.symptoms, c.began, c.ready, c.last = nil, time.Time{}, time.Time{}, time.Time{}
	}
	c.past = ended
	c.symptoms = append(c.symptoms, s)
	if c.began.IsZero() || s.Since.Before(c.began) {
		c.began = s.Since
	}
	if !s.Ready.IsZero() && (c.ready.IsZero() || s.Ready.Before(c.ready)) {
		c.ready = s.Ready
	}
	if s.Last.After(c.last) {
		c.last = s.Last
	}
	c.sick = c.sick || s.Sick && !ended
}

// reaches reports whether the cause holds for a rendition of the consequence.
// What the origin does to one rendition it soon does to others, so from the
// origin to the edge, and for what began together, the rendition does not matter.
func (c *claim) reaches(other *claim) bool {
	if c.side != other.side || other.check.AcrossRenditions || c.began.Sub(other.began).Abs() <= other.together() {
		return true
	}
	mine := c.renditions()
	if recovers(other.check) { // where the cause ended first, its end is what is seen there
		for _, s := range c.over {
			mine = append(mine, c.state(s).Target.Rendition)
		}
	}
	return slices.Contains(mine, "") || !slices.ContainsFunc(other.renditions(), func(r string) bool {
		return r != "" && !slices.Contains(mine, r)
	})
}

func (c *claim) renditions() []string {
	list := make([]string, 0, len(c.symptoms))
	for _, s := range c.symptoms {
		if r := c.state(s).Target.Rendition; !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list
}

// state is what is known of the target that a symptom is about.
func (c *claim) state(s *checks.Symptom) *evidence.State {
	t := c.stream.Targets[s.Target]
	if t.Target.Side != s.Side { // found on the other side
		if p := c.stream.find(t.Target.Rendition, probe.Place{Side: s.Side, Edge: s.Edge}); p != nil {
			return p
		}
	}
	return t
}

// at is the place that a claim is about.
func (c *claim) at() probe.Place { return probe.Place{Side: c.side, Edge: c.edge} }

// recovers reports whether the end of a fault looks like a finding of the check.
func recovers(c *checks.Check) bool { return c.Recovers || c.When == checks.OnUpdate }

func (c *claim) td() time.Duration {
	var td time.Duration
	for _, s := range c.symptoms {
		td = max(td, c.state(s).TD)
	}
	return td
}

// together is how far apart findings can begin that have one cause: each target
// shows it at its own next poll.
func (c *claim) together() time.Duration { return max(3*c.td(), 5*time.Second) }
