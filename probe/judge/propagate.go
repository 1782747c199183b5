package judge

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// propagating reports whether the edge may not be known everywhere yet: its
// distribution was made just now, and it never gave a playlist.
func (j *Judge) propagating(now time.Time) bool {
	return !j.answered && now.Before(j.opts.Grace)
}

// spreads reports whether an observation says no more than that the edge is
// still propagating, which is no fault and no sample. Its first playlist ends
// that for the whole stream.
func (j *Judge) spreads(o *probe.Observation, now time.Time) bool {
	if o.Target.Side != probe.Edge || !j.propagating(now) {
		return false
	}
	j.answered = o.OK() && o.Playlist != nil && o.Playlist.Kind != probe.UnknownKind
	return !j.answered
}
