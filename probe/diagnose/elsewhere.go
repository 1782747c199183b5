package diagnose

import (
	"slices"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// elsewhere reports whether a target is asked at a host of its own, as the copies
// on a second CDN are: an absolute URL of the multivariant playlist that is
// neither on the event's edge nor on its origin. Both sides would ask the same
// host for it, so only one does, and that host is to blame for what it alone shows.
func (s *Stream) elsewhere(t *evidence.State) bool {
	if t.Target.Side != probe.Edge || t.Target.Rendition == "" || s.pair(t) != nil {
		return false
	}
	for _, one := range s.Targets {
		if one.Target.Rendition == "" && one.Target.Place() == t.Target.Place() {
			return one.Host != t.Host
		}
	}
	return false
}

// alone reports whether no other host shows what a claim says, while the stream
// has renditions there.
func (c *claim) alone() bool {
	others := false
	for _, t := range c.stream.Targets {
		others = others || t.Target.Rendition != "" && t.Host != c.host && t.Polls > 0
	}
	for i := range c.stream.Symptoms {
		s := &c.stream.Symptoms[i]
		if s.Check == c.check && s.Ended.IsZero() && c.state(s).Host != c.host {
			return false
		}
	}
	return others
}

// whole reports whether a claim is about all that the stream has on its host.
func (c *claim) whole() bool {
	hit := c.renditions()
	for _, t := range c.stream.Targets {
		if t.Host == c.host && t.Target.Place() == c.at() && !slices.Contains(hit, t.Target.Rendition) {
			return false
		}
	}
	return true
}
