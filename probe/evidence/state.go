package evidence

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// State is what the diagnosis is told of one target: a copy that does not
// change. What it points to does not change either.
type State struct {
	Target  probe.Target
	Unnamed bool // as in History
	Host    string
	Current *probe.Observation // newest poll; nil when there was none
	Good    *probe.Observation // newest poll that brought a playlist; nil when there was none

	Kind   probe.PlaylistKind // of that playlist
	Live   bool               // and whether it has no end
	Listed int                // and how many segments it lists

	Polls, Failures   int
	FailingSince      time.Time     // zero while it does not fail
	FailedAs          probe.Failure // how the newest of those failed; "" with an answer
	FailedFrom        time.Time     // when the newest failures in a row began, over or not; zero is never
	Recovered         time.Time     // when the newest failures in a row were over; zero is never
	FailedWith        int           // status of the newest failed poll; 0 without an answer
	Relapsed          time.Time     // as in History
	LastError         time.Time
	Lost              time.Time
	LostPolls         int
	Answered, Reached time.Time
	Advanced          time.Time
	High              uint64
	TD, Allowance     time.Duration
	Cycle             time.Duration // for how long a copy usually stays in the edge's cache; 0 is not known
	TTL               probe.Fact[time.Duration]
	Lag               Lag       // behind the origin, or where that is not watched another edge
	Late              Late      // the most that it was behind within the newest target duration
	SegmentAt         time.Time // newest probe of a segment
	Probed            time.Time // newest probe of a segment that succeeded
	Delivered         time.Time // newest probe of low-latency delivery
	Speed             Speed     // at which segments arrive
}

// State returns the state of a target.
func (h *History) State() State {
	ttl, stated := h.TTL()
	s := State{
		Target: h.Target, Unnamed: h.Unnamed, Host: h.Host, Current: h.Current, Good: h.Good,
		Polls: h.Polls, Failures: h.Failures, FailingSince: h.FailingSince,
		FailedAs: h.FailedAs, FailedFrom: h.FailedFrom, Recovered: h.Recovered,
		FailedWith: h.FailedWith, Relapsed: h.Relapsed,
		LastError: h.LastError, Lost: h.Lost, LostPolls: h.LostPolls, Answered: h.Answered, Reached: h.Reached,
		Advanced: h.Advanced, High: h.High, TD: h.TD(), Allowance: h.Allowance(),
		Lag: h.Lag(), Late: h.Late, Speed: h.Speed,
		TTL: probe.Fact[time.Duration]{Value: ttl, Stated: stated},
	}
	if h.Good != nil && h.Good.Playlist != nil {
		pl := h.Good.Playlist
		s.Kind, s.Live, s.Listed = pl.Kind, pl.Live(), len(pl.Segments)
	}
	for i := range h.Segments {
		rec := &h.Segments[i]
		s.SegmentAt = probe.Later(s.SegmentAt, rec.At())
		if rec.OK {
			s.Probed = probe.Later(s.Probed, rec.At())
		}
	}
	if every, usual := h.Refresh(); usual {
		s.Cycle = every
	}
	if h.LowLatency != nil {
		s.Delivered = h.LowLatency.At
	}
	return s
}

// States returns the states of all targets, in their order. Those of before, which
// it returned last, are used again where they are still true: of a stream that fails
// one target at a time changes.
func (s *Stream) States(before []*State) []*State {
	all := make([]*State, len(s.Histories))
	for i, h := range s.Histories {
		now := h.State()
		if i < len(before) && *before[i] == now {
			all[i] = before[i]
			continue
		}
		changed := now
		all[i] = &changed
	}
	return all
}

// Failing reports whether the newest poll failed.
func (s *State) Failing() bool { return s.Failures > 0 }

// ByTurns reports whether a playlist fails and is answered by turns: it failed
// again soon after it had recovered, and that was not long ago.
func (s *State) ByTurns(now time.Time) bool {
	return !s.Relapsed.IsZero() && now.Sub(s.Relapsed) < soon(s.TD)
}

// FailedLately reports whether a playlist fails, or did not long ago.
func (s *State) FailedLately(now time.Time) bool {
	return s.Failing() || !s.Recovered.IsZero() && now.Sub(s.Recovered) < soon(s.TD)
}

// Plays reports whether the newest poll brought a playlist that viewers can play
// at now: one with a segment no older than the default hold-back.
func (s *State) Plays(now time.Time) bool {
	switch {
	case s.Failing() || s.Good == nil:
		return false
	case s.Kind != probe.Media:
		return s.Kind == probe.Multivariant
	default:
		return !s.Live || s.Listed > 0 && now.Sub(s.Advanced) <= 3*s.TD
	}
}

// Recovery is how long consequences may outlast their cause: until a new window
// has gone through every cache.
func (s *State) Recovery() time.Duration { return 5*s.TD + 2*min(s.Allowance, 2*s.TD) }
