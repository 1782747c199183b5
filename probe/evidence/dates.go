package evidence

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	// farFromClock is from which distance on program date-times are no wall
	// clock: no stream is a day late.
	farFromClock = 24 * time.Hour
	// farBehind is from which distance on a rendition that lists the same segment
	// numbers as others is not late but dated wrongly, as with a zone that was left out.
	farBehind = 5 * time.Minute
	// aheadOfClock is by how much they may be ahead of ours: nothing is
	// published before it was recorded, but clocks differ.
	aheadOfClock = 30 * time.Second
)

// Lead is by how much the end of the newest segment, by program date-time, was
// ahead of our clock when the segment was first seen; negative is behind, as it
// should be. A rendition that stands still keeps its lead. False without dates.
func (h *History) Lead() (time.Duration, bool) {
	if h.Playlist == nil || !h.Playlist.Live() || len(h.Versions) == 0 {
		return 0, false
	}
	edge := h.Versions[len(h.Versions)-1].LiveEdge.Time()
	return edge.Sub(h.Advanced), !edge.IsZero()
}

// WallClock reports whether the program date-times are those of a wall clock,
// as far as ours can tell.
func (h *History) WallClock() bool {
	lead, dated := h.Lead()
	return dated && lead <= aheadOfClock && lead >= -farFromClock
}

// OddDates returns by how much the program date-times of this rendition are off
// those of another one, while it is these that are wrong: they are ahead of the
// clock or days away from it, or minutes behind under the same segment numbers,
// and those are not, or less so. What most of the
// renditions of video and audio have is right; subtitles are held against
// those, and no other is held against subtitles. Nil when they are not odd, or
// nobody can tell: a rendition that is behind may be late.
func (h *History) OddDates() (off time.Duration, than *History) {
	lead, dated := h.Lead()
	if !dated || h.TD() == 0 {
		return 0, nil
	}
	slack := 2*h.TD() + h.Allowance()
	others, alike := 0, 0
	var best time.Duration // lead of than
	for _, s := range h.Siblings {
		theirs, ok := s.Lead()
		if s == h || !ok || !s.Leads() {
			continue
		}
		if others++; (theirs - lead).Abs() <= slack {
			alike++
		}
		if than == nil || theirs.Abs() < best.Abs() {
			than, best = s, theirs
		}
	}
	if than == nil || alike*2 >= others && alike > 0 {
		return 0, nil
	}
	odd := false
	switch off = lead - best; {
	case off.Abs() > farFromClock:
		odd = best.Abs() < lead.Abs()
	case off < -farBehind && h.inStep(than):
		odd = best.Abs() < lead.Abs()
	case lead > max(h.TD(), 5*time.Second): // it is ahead of the clock too
		odd = off > slack
	case !h.Leads():
		odd = off > slack+aheadOfClock // subtitles may be known before the picture is
	}
	if !odd {
		return 0, nil
	}
	return off, than
}

// inStep reports whether two renditions list the same segment numbers, give or
// take two, and both move on.
func (h *History) inStep(other *History) bool {
	low, high := min(h.High, other.High), max(h.High, other.High)
	return high-low <= 2 && h.Advanced.After(h.First) && other.Advanced.After(other.First)
}

// Leads reports whether other renditions may be held against this one: it is
// video or audio, which viewers cannot do without.
func (h *History) Leads() bool {
	return h.Target.Role == probe.RoleVideo || h.Target.Role == probe.RoleAudio
}
