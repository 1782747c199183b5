package probe

import (
	"time"
)

// Observation is what one fetch of one target saw. A failed fetch is an
// Observation too. It is immutable once it has been sent to the judge.
type Observation struct {
	Target   Target
	Exchange Exchange

	// Playlist is what the body said; nil when the fetch failed, the body was
	// no playlist at all, or this is a probe. An unchanged body shares
	// the Playlist of the observation before.
	Playlist  *Playlist
	Hash      uint64 // of the body, normalised (playlist.Hash); 0 when there is none
	Unchanged bool   // the body equals that of the previous good observation

	// CORS says that this was no poll: the playlist was asked for as a page
	// elsewhere does, with an Origin header, and only that answer's head counts.
	CORS bool

	// Strained says that this process did not get to run when it should have:
	// the times of the exchange may be its own doing.
	Strained bool

	// Segment is set on a segment probe, LowLatency on one of low-latency
	// delivery, whose playlist stands there.
	Segment    *SegmentProbe
	LowLatency *LowLatencyProbe

	// IFrames names the I-frame playlist of the target's ladder that this looked
	// at: no poll either. "" is none.
	IFrames string

	// Moved tells of an address that lately died under viewers who keep asking
	// for it, while the one that the event names lives; nil is none.
	Moved *Moved
}

// Moved is an address that a playlist was redirected to, or that the
// multivariant playlist listed for it before, and which is dead.
type Moved struct {
	Last  Exchange      // the request to it that failed
	Lived time.Duration // from when we were sent there until it failed
}

// Look says what an observation looked at.
type Look uint8

// Looks.
const (
	LookPoll       Look = iota // an ordinary request for a playlist
	LookCORS                   // as a page on another site asks
	LookSegment                // a listed media segment
	LookInit                   // an EXT-X-MAP resource
	LookKey                    // a decryption key
	LookRemoved                // a segment that left the playlist
	LookLowLatency             // low-latency delivery
	LookIFrames                // an I-frame playlist, once a minute while all is well
)

// Look returns what the observation looked at.
func (o *Observation) Look() Look {
	switch s := o.Segment; {
	case o.CORS:
		return LookCORS
	case o.IFrames != "":
		return LookIFrames
	case o.LowLatency != nil:
		return LookLowLatency
	case s == nil:
		return LookPoll
	case s.Init:
		return LookInit
	case s.Key:
		return LookKey
	case s.Removed:
		return LookRemoved
	default:
		return LookSegment
	}
}

// Poll reports whether this is an ordinary request for a playlist.
func (o *Observation) Poll() bool { return o.Look() == LookPoll }

// OK reports whether the fetch brought a complete 2xx or 304 answer.
func (o *Observation) OK() bool { return o.Exchange.OK() }

// SegmentProbe is what the first bytes, or all bytes, of one segment said.
type SegmentProbe struct {
	MSN       uint64
	URI       string        // as listed, without query
	Newest    bool          // it was the last segment of the playlist that listed it
	Listed    time.Time     // when we first saw it listed on this side
	Duration  time.Duration // EXTINF
	Repeat    bool          // probed before: does the same URI still hold the same bytes?
	Again     bool          // a repeat at once, because it came slowly: is it quick from the cache?
	Part      bool          // the playlist names a byte range of a resource
	Offset    int64         // at which that range begins; 0 of what is whole
	Encrypted bool          // whole, as under METHOD=AES-128: bytes say nothing

	// What is none of the listed media segments. At most one of them is set.
	Init    bool // an EXT-X-MAP resource
	Key     bool // a decryption key; nothing of it is kept but its length, Exchange.Bytes
	Removed bool // a segment that left the playlist and must still be there

	KeyBytes int64 // of a key: how long its method needs it to be; 0 is not known
	Known    bool  // of a key: it could be fetched before

	Container Container
	Hash      uint64              // of the bytes read
	HashBytes int64               // how many were read
	Problems  []Problem           // what is wrong with the bytes: seg.ts.sync, seg.mp4.box, seg.vtt, …; Line is unused
	Track     uint32              // what Start is of, as the container numbers it; 0 where there is one thing only
	Start     Fact[time.Duration] // first PTS or tfdt
	Lasts     Fact[time.Duration] // how long its media lasts, where the bytes that were read show it
	Keyframe  Fact[bool]          // whether decoding can begin with its first picture
}

// Media reports whether the probe was one of a listed media segment.
func (s *SegmentProbe) Media() bool { return !s.Init && !s.Key && !s.Removed }

// Container is the media format of a segment, by its first bytes.
type Container string

// Containers that a segment can have.
const (
	ContainerUnknown Container = ""
	ContainerTS      Container = "ts"
	ContainerMP4     Container = "mp4"
	ContainerAAC     Container = "aac"
	ContainerVTT     Container = "vtt"
	ContainerHTML    Container = "html" // an error page served as media
)
