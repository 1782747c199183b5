package evidence

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Stream is what is known of one stream. Only File changes it; checks
// and the diagnosis read.
type Stream struct {
	Name         string
	Starts, Ends time.Time     // zero when the event does not state them
	Personalised []string      // names of the edges that serve each viewer other segments; "" is the only edge
	ErrorCaching time.Duration // for how long the edge keeps an error of its origin
	Histories    []*History
}

// History is what is known of one target. Only File changes it, and Judged.
type History struct {
	Target probe.Target
	Host   string // host and port that it is asked at

	Unnamed      bool // it is a manifest that failed while nobody knew that it is a media playlist
	Personalised bool // the edge serves each viewer other segments, as its event says: ads are put in there
	PopChanged   bool // the newest poll was answered by another point of presence than the one before

	// Pair is the same playlist on the other side: an edge's at the origin, the
	// origin's at the first edge. Nil when that is not watched.
	Pair     *History
	Edges    []*History // the same playlist at each edge, this one left out
	Siblings []*History // all media playlists at the same place, this one among them

	Current  *probe.Observation // newest poll, whatever it brought
	Good     *probe.Observation // newest poll that brought a playlist
	Playlist *probe.Playlist    // of Good
	Previous *probe.Playlist    // the one that Playlist just replaced; nil at first, and once that is judged
	Polls    int
	Gap      time.Duration // between the newest two polls

	First     time.Time // first good poll
	Advanced  time.Time // when the newest segment was first seen
	Restarted time.Time // when the newest segment's number last fell; zero is never
	Began     uint64    // newest media sequence number when the numbering was first seen
	High      uint64    // highest media sequence number seen since the last restart

	*PollFailures
	Answered time.Time // when the newest look began that brought an answer's head
	Reached  time.Time // when the newest look began for which the host accepted or refused a connection, or answered

	Versions []Version       // texts seen, oldest first, at least 60 s back
	Segments []SegmentRecord // newest probes, oldest first
	Sizes    []SegmentSize   // of segments that were probed well, oldest first; further back than Segments
	Maps     []MapRecord     // EXT-X-MAP resources that were probed, newest last
	// Kept is how long the headers of Good let a shared cache keep it, including
	// stale-while-revalidate.
	Kept probe.Fact[time.Duration]

	longest   time.Duration // of the segments listed lately
	longestAt time.Time     // when a segment that long was last listed
	target    time.Duration // that the segments of Playlist bear out; 0 is not known

	Fullest   *probe.Playlist // of multivariant playlists the one that lacks nothing
	Added     []string        // URIs that it lists and the one before did not
	FullestAt time.Time       // when such a one was last seen

	// OverdueSince is when the edge was first asked for the copy that it still
	// serves although it should have replaced it; zero: it has no such copy.
	OverdueSince time.Time

	Late Late // the most that an edge was behind within the newest target duration

	Swap              *Swap       // from one series of segments to another; nil when there was none lately
	Fall              *Fall       // nil when there was none lately
	Breaks            Marks       // discontinuities among the newest segments
	Hits              Marks       // answers from cache among the newest segments that an edge was asked for again
	Permission        Permission  // what pages on other sites were told
	SegmentPermission Permission  // the same, of segments
	Clock             *Clock      // nil where the other side tells
	Rate              Rate        // of the segments
	Speed             Speed       // at which segments arrive
	IFrames           []IFrames   // playlists that a multivariant playlist lists, in the order of their looks
	Keys              KeyTurns    // of the newest segments
	StillThere        int         // removed segments that could still be fetched
	LowLatency        *LowLatency // nil where no part was ever listed
}

// PollFailures are the polls of a playlist that failed. Most have none, and share
// one of these.
type PollFailures struct {
	Failures     int           // polls that failed in a row, up to now
	FailingSince time.Time     // first of them
	LastFailure  time.Time     // newest failed poll, ever
	FailedAs     probe.Failure // how the newest of those failed; "" with an answer
	FailedFrom   time.Time     // when the newest failures in a row began, over or not; zero is never
	Recovered    time.Time     // when the newest failures in a row were over; zero is never
	FailedWith   int           // status of the newest failed poll; 0 without an answer
	Relapsed     time.Time     // when it last failed again soon after a recovery; zero is never
	LastError    time.Time     // newest poll answered with a 5xx or not at all, ever
	Lost         time.Time     // when the first of LostPolls began; zero is none
	LostPolls    int           // polls that failed in a row as our own path could cause
}

var noPollFailures PollFailures

// SegmentRecord is what the probes of one segment gave.
type SegmentRecord struct {
	MSN      uint64
	URI      string
	Offset   int64         // in the resource, of a byte range
	Duration time.Duration // EXTINF
	Listed   time.Time     // first seen in the playlist
	Asked    time.Time     // when the newest probe began
	Fetch    time.Duration // how long that one took
	SegmentBytes
	*SegmentFailures
	Before *SegmentBytes             // what the probe before saw, where that was something else; else nil
	Start  probe.Fact[time.Duration] // where its time begins: first PTS or tfdt
	Lasts  probe.Fact[time.Duration] // how long its media lasts
	Track  uint32                    // that Start is of
	Wraps  bool                      // its time is of 33 bits

	had   bool          // a probe succeeded
	after time.Duration // how long after Listed the first of those was done
}

// At is when the newest probe was done.
func (r *SegmentRecord) At() time.Time { return r.Asked.Add(r.Fetch) }

// FirstOK is when the first probe that succeeded was done; zero is never.
func (r *SegmentRecord) FirstOK() time.Time {
	if !r.had {
		return time.Time{}
	}
	return r.Listed.Add(r.after)
}

// Changed reports whether the newest probe gave other bytes than the one before.
func (r *SegmentRecord) Changed() bool { return r.Before != nil }

// SegmentFailures are the probes of a segment that failed. Most have none, and
// share one of these.
type SegmentFailures struct {
	Failed     int       // how many
	FailedFrom time.Time // first probe of those that failed in a row, now or lately
	FailedAt   time.Time // when that one failed
	Broken     bool      // one of those that failed was not answered 4xx: more than not there as yet
}

var noFailures SegmentFailures

// SegmentBytes is what one probe saw of a segment's bytes.
type SegmentBytes struct {
	OK        bool
	Size      int64 // of the whole object; -1 when not known
	Hash      uint64
	HashBytes int64
}

// longestKept is for how long the longest segment counts after it was listed:
// where segments are cut at key frames, the next long one must not look late.
const longestKept = 5 * time.Minute

// fileTarget notes what target duration the segments bear out, those that were
// listed lately among them.
func (h *History) fileTarget(pl *probe.Playlist, at time.Time) {
	if pl.Kind != probe.Media {
		return
	}
	if l := pl.Longest(); l >= h.longest || at.Sub(h.longestAt) > longestKept {
		h.longest, h.longestAt = l, at
	}
	h.target = pl.TargetFrom(h.longest)
}

// Judged forgets the playlist that the newest one replaced. Only checks of a text that
// is new read it, and thousands of targets would hold two each.
func (h *History) Judged() { h.Previous = nil }

// TD returns the target duration of the newest playlist, or of a sibling while
// this target has none, as far as its segments bear it out (see
// probe.Playlist.MeasuredTarget); zero when nothing is known.
func (h *History) TD() time.Duration {
	if h.target > 0 {
		return h.target
	}
	if h.Playlist != nil && h.Playlist.TargetDuration.Stated {
		return h.Playlist.MeasuredTarget()
	}
	if h.Pair != nil && h.Pair.target > 0 {
		return h.Pair.target
	}
	for _, others := range [...][]*History{h.Edges, h.Siblings} {
		for _, o := range others {
			if o.target > 0 {
				return o.target
			}
		}
	}
	return 0
}

// Fresh reports whether the newest segment is younger than limit at now.
func (h *History) Fresh(now time.Time, limit time.Duration) bool {
	return !h.Advanced.IsZero() && now.Sub(h.Advanced) <= limit
}

// Failing reports whether the newest poll failed.
func (h *History) Failing() bool { return h.Failures > 0 }

// Segment returns the record of the probes of a segment.
func (h *History) Segment(msn uint64) (*SegmentRecord, bool) {
	for i := len(h.Segments) - 1; i >= 0; i-- {
		if h.Segments[i].MSN == msn {
			return &h.Segments[i], true
		}
	}
	return nil, false
}

// Allowance is how old a healthy cache may let the playlist of an edge be: TTL
// and stale-while-revalidate of the origin's headers. Where nothing states a
// TTL, one target duration is assumed. Zero at the origin.
func (h *History) Allowance() time.Duration {
	if h.Target.Side != probe.Edge {
		return 0
	}
	ttl, stated := h.TTL()
	if !stated {
		return h.TD()
	}
	return max(ttl, leastKept)
}

// leastKept is what CloudFront's own cache policies keep an object for, even
// one that says no-store.
const leastKept = time.Second

// TTL is the longest that the origin's headers, or those of the edge's copy, let a cache keep this
// playlist for, with stale-while-revalidate, and whether they say so at all.
func (h *History) TTL() (time.Duration, bool) {
	var ttl probe.Fact[time.Duration]
	for _, side := range []*History{h.Pair, h} {
		if side != nil && side.Kept.Stated {
			ttl = probe.State(max(ttl.Value, side.Kept.Value)) // a copy from before keeps what it was told
		}
	}
	return ttl.Value, ttl.Stated
}

// Permission is what a playlist's answers say to pages on other sites.
type Permission struct {
	Given string // Access-Control-Allow-Origin of the newest answer
	Ever  bool   // one of them permitted something
}
