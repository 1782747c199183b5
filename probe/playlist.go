package probe

import (
	"math"
	"time"
)

// PlaylistKind says which of the two kinds of RFC 8216bis §4 a playlist is.
type PlaylistKind uint8

// Kinds of playlist.
const (
	UnknownKind PlaylistKind = iota
	Media
	Multivariant
)

// String returns "media", "multivariant" or "unknown".
func (k PlaylistKind) String() string {
	switch k {
	case Media:
		return "media"
	case Multivariant:
		return "multivariant"
	default:
		return "unknown"
	}
}

// MarshalText writes the kind's name.
func (k PlaylistKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Playlist holds the facts of one playlist as it was written: nothing is
// corrected, defaulted or dropped. It is immutable.
type Playlist struct {
	Kind     PlaylistKind
	Problems []Problem // what the reader found wrong, in order of line
	Bytes    int
	// Text is what was served; the strings here are parts of it. Of a body that is
	// no playlist it is only the beginning.
	Text string `json:"-"`

	Version             Fact[int]
	IndependentSegments bool
	Start               Fact[time.Duration] // EXT-X-START TIME-OFFSET
	// Variables are what EXT-X-DEFINE defined, by name: a media playlist can import
	// them. Values can be tokens.
	Variables map[string]string `json:"-"`

	// Media playlists, RFC 8216bis §4.4.3.
	TargetDuration        Fact[time.Duration] // whole seconds, as written
	MediaSequence         Fact[uint64]
	DiscontinuitySequence Fact[uint64]
	Type                  string // EVENT, VOD or ""
	EndList               bool
	CutOff                bool // the text stops in the middle
	IFramesOnly           bool
	PartTarget            Fact[time.Duration]
	ServerControl         Fact[ServerControl]
	Skipped               Fact[uint64] // EXT-X-SKIP SKIPPED-SEGMENTS
	RemovedDateRanges     Fact[string] // EXT-X-SKIP RECENTLY-REMOVED-DATERANGES, as written
	Segments              []Segment
	WholeSeconds          bool   `json:"-"` // every EXTINF is written without a fraction, so that it may be rounded
	TrailingParts         []Part // partial segments of the segment in progress
	Parts                 int    // all EXT-X-PART tags, those of complete segments too
	PreloadHints          []PreloadHint
	RenditionReports      []RenditionReport
	DateRanges            []DateRange

	// Multivariant playlists, RFC 8216bis §4.4.6.
	Variants   []Variant
	IFrames    []Variant
	Renditions []Rendition
	Steering   bool
}

// Problem is one defect of the text, found while reading.
type Problem struct {
	Check    string   // the id of the check that reports it: "m3u.header", "td.present", "inf.bad", …
	Severity Severity // NoSeverity is the check's own
	Line     int      // counting from 1; 0 is the whole playlist
	Detail   string
}

// Segment is one media segment with everything that applies to it.
type Segment struct {
	MSN           uint64 // media sequence number: MEDIA-SEQUENCE + SKIPPED-SEGMENTS + index
	DSN           uint64 // discontinuity sequence number
	URI           string // as written, variables substituted
	Title         string
	Duration      time.Duration
	Discontinuity bool
	Gap           bool
	PDT           time.Time // EXT-X-PROGRAM-DATE-TIME at this segment; zero when there is none
	Bitrate       uint64    // EXT-X-BITRATE, bits per second; 0 when there is none
	ByteRange     Fact[ByteRange]
	Keys          []Key // all keys that apply, carried forward; shared, do not change
	Map           *Map  // carried forward; shared, do not change
	Parts         []Part
	CueOut        Fact[time.Duration] // EXT-X-CUE-OUT: planned duration, 0 when not given
	CueIn         bool
	Line          int
}

// ByteRange is a part of a resource, in bytes, its implied offset resolved.
type ByteRange struct{ Length, Offset int64 }

// Key is EXT-X-KEY or EXT-X-SESSION-KEY.
type Key struct {
	Method, URI, IV, KeyFormat, KeyFormatVersions string
}

// Map is EXT-X-MAP.
type Map struct {
	URI       string
	ByteRange Fact[ByteRange]
}

// Part is EXT-X-PART.
type Part struct {
	URI         string
	Duration    time.Duration
	Independent bool
	Gap         bool
	ByteRange   Fact[ByteRange]
}

// ServerControl is EXT-X-SERVER-CONTROL.
type ServerControl struct {
	CanBlockReload    bool
	CanSkipUntil      Fact[time.Duration]
	CanSkipDateRanges bool
	HoldBack          Fact[time.Duration]
	PartHoldBack      Fact[time.Duration]
}

// PreloadHint is EXT-X-PRELOAD-HINT.
type PreloadHint struct {
	Type, URI       string
	ByteRangeStart  int64
	ByteRangeLength Fact[int64]
}

// RenditionReport is EXT-X-RENDITION-REPORT.
type RenditionReport struct {
	URI               string
	LastMSN, LastPart Fact[uint64]
}

// DateRange is EXT-X-DATERANGE.
type DateRange struct {
	ID, Class          string
	StartDate, EndDate time.Time
	Duration           Fact[time.Duration]
	PlannedDuration    Fact[time.Duration]
	EndOnNext          bool
	SCTE35             string // SCTE35-CMD, -OUT or -IN, as written
}

// Variant is EXT-X-STREAM-INF with its URI, or EXT-X-I-FRAME-STREAM-INF.
type Variant struct {
	URI              string
	Bandwidth        Fact[uint64] // bits per second
	AverageBandwidth Fact[uint64]
	Codecs           string
	Width, Height    int // RESOLUTION; 0 when not stated
	FrameRate        float64
	VideoRange       string
	HDCPLevel        string
	Audio, Video     string // group ids
	Subtitles        string
	ClosedCaptions   string
	Name             string // the non-standard NAME attribute
	PathwayID        string
	Line             int
}

// Rendition is EXT-X-MEDIA.
type Rendition struct {
	Type, GroupID, Name, Language string
	URI                           string
	Default, Autoselect, Forced   bool
	InstreamID                    string
	Channels                      string
	Line                          int
}

// Live reports whether the playlist is one that will change: a media playlist
// without EXT-X-ENDLIST that is not VOD.
func (p *Playlist) Live() bool { return p.Kind == Media && !p.EndList && p.Type != "VOD" }

// Last returns the newest segment.
func (p *Playlist) Last() (Segment, bool) {
	if len(p.Segments) == 0 {
		return Segment{}, false
	}
	return p.Segments[len(p.Segments)-1], true
}

// Find returns the segment with a media sequence number.
func (p *Playlist) Find(msn uint64) (*Segment, bool) {
	if len(p.Segments) == 0 || msn < p.Segments[0].MSN {
		return nil, false
	}
	i := msn - p.Segments[0].MSN
	if i >= uint64(len(p.Segments)) {
		return nil, false
	}
	return &p.Segments[i], true
}

// Window is the sum of all EXTINF, or the longest time.Duration where they come
// to more.
func (p *Playlist) Window() time.Duration {
	var w time.Duration
	for i := range p.Segments {
		if w += p.Segments[i].Duration; w < 0 {
			return math.MaxInt64
		}
	}
	return w
}

// Longest is the longest EXTINF; 0 where no segment is listed.
func (p *Playlist) Longest() time.Duration {
	var longest time.Duration
	for i := range p.Segments {
		longest = max(longest, p.Segments[i].Duration)
	}
	return longest
}

// measurable is how many segments must be listed before they tell what segments
// last: a stream may begin with a short one.
const measurable = 3

// MeasuredTarget is the target duration that the listed segments bear out:
// TARGETDURATION, but at most one and a half of the longest segment. An encoder
// may state any number; what viewers wait for is what its segments last. Where no
// TARGETDURATION is stated it is the longest segment. Zero where that is not known.
func (p *Playlist) MeasuredTarget() time.Duration {
	return p.TargetFrom(p.Longest())
}

// TargetFrom is MeasuredTarget for segments that are known to last as long as
// longest.
func (p *Playlist) TargetFrom(longest time.Duration) time.Duration {
	td := p.TargetDuration.Value
	if td == 0 && len(p.Segments) >= measurable {
		return longest
	}
	if len(p.Segments) < measurable || longest <= 0 || longest > td {
		return td
	}
	return min(td, longest*3/2)
}

// MeanDuration is the mean EXTINF, or the target duration where no segment is listed.
func (p *Playlist) MeanDuration() time.Duration {
	if len(p.Segments) == 0 {
		return p.TargetDuration.Value
	}
	return p.Window() / time.Duration(len(p.Segments))
}

// LiveEdge is the program date-time at the end of the newest segment, carried
// forward from the last EXT-X-PROGRAM-DATE-TIME; zero when there is none.
func (p *Playlist) LiveEdge() time.Time {
	var at time.Time
	for i := range p.Segments {
		s := &p.Segments[i]
		if !s.PDT.IsZero() {
			at = s.PDT
		}
		if !at.IsZero() {
			at = at.Add(s.Duration)
		}
	}
	return at
}
