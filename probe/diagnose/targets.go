package diagnose

import (
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// find is what is known of a playlist at a place; nil when that is not watched.
func (s *Stream) find(rendition string, at probe.Place) *evidence.State {
	for _, t := range s.Targets {
		if t.Target.Rendition == rendition && t.Target.Place() == at {
			return t
		}
	}
	return nil
}

// pair is what is known of the same playlist on the other side; nil when that
// is not watched. Of several edges it is the one that moved on last, of those
// that answer.
func (s *Stream) pair(of *evidence.State) *evidence.State {
	var best *evidence.State
	for _, t := range s.Targets {
		if t.Target.Rendition != of.Target.Rendition || t.Target.Side == of.Target.Side {
			continue
		}
		if best == nil || best.Failing() && !t.Failing() || best.Failing() == t.Failing() && t.Advanced.After(best.Advanced) {
			best = t
		}
	}
	return best
}
