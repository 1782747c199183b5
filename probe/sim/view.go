package sim

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grafov/m3u8"
)

// view is what a media playlist says, before it is written. Faults edit it.
type view struct {
	version      int
	target       int // seconds
	sequence     int64
	discSequence int64
	independent  bool
	counts       bool // EXT-X-DISCONTINUITY-SEQUENCE is stated even when it is zero
	endList      bool
	segments     []listed

	window   int
	suffix   string // of segments' names
	fmp4     bool
	encrypt  bool
	timeline *timeline

	// Low latency, lowlatency.go; all zero without.
	part      time.Duration // EXT-X-PART-INF
	skipUntil time.Duration
	next      int64 // the segment in progress, on the timeline
	trailing  []chunk
	reports   []report
	skipped   int  // EXT-X-SKIP; zero is none
	misleads  bool // the hint names another part
	miscounts int  // by how much EXT-X-SKIP is wrong
}

// listed is one segment of a view.
type listed struct {
	number    int64     // on the timeline; its media sequence number when all is well
	name      int64     // in its URI; the number when all is well
	take      int       // a name other than the usual, if not zero
	at        time.Time // EXT-X-PROGRAM-DATE-TIME; zero is none
	length    time.Duration
	published time.Time
	key       int // how often the key was changed before it
	disc      bool
	gap       bool
	parts     []chunk
}

func (v *view) targetDuration() time.Duration { return time.Duration(v.target) * time.Second }

// firstAt is the first segment that was listed at a moment.
func (v *view) firstAt(at time.Time) int64 {
	return max(0, v.timeline.last(at)-int64(v.window)+1)
}

// keepLast leaves the newest segments only.
func (v *view) keepLast(n int) {
	if gone := len(v.segments) - n; gone > 0 {
		v.segments, v.sequence = v.segments[gone:], v.sequence+int64(gone)
	}
}

// rename gives the listed segments other URIs, every second time the usual ones.
func (v *view) rename(round int) {
	for i := range v.segments {
		v.segments[i].take = round % 2
	}
}

const playlistType = "application/vnd.apple.mpegurl"

// Suffixes of segments' names.
const (
	suffixTS   = ".ts"
	suffixMP4  = ".m4s"
	suffixText = ".vtt"
)

// segmentName is the URI of a segment: seg12.ts, or alt1-seg12.ts.
func segmentName(number int64, take int, suffix string) string {
	if take != 0 {
		return fmt.Sprintf("alt%d-seg%d%s", take, number, suffix)
	}
	return fmt.Sprintf("seg%d%s", number, suffix)
}

// segmentNumber reads a segment's name, whichever packager wrote it.
func segmentNumber(name, suffix string) (int64, bool) {
	_, digits, ok := strings.Cut(name, "seg")
	if !ok {
		return 0, false
	}
	digits, ok = strings.CutSuffix(digits, suffix)
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, ok && err == nil && n >= 0
}

// encode writes the playlist with grafov's writer.
func (v *view) encode() []byte {
	p, err := m3u8.NewMediaPlaylist(0, uint(max(1, len(v.segments))))
	if err != nil {
		panic(err) // only when the window is larger than the capacity
	}
	p.SetVersion(uint8(v.version))
	p.SeqNo = uint64(v.sequence)
	p.DiscontinuitySeq = uint64(v.discSequence)
	var head, before []string
	if v.independent {
		head = append(head, "#EXT-X-INDEPENDENT-SEGMENTS")
	}
	if v.counts && v.discSequence == 0 { // the writer leaves a zero out
		head = append(head, "#EXT-X-DISCONTINUITY-SEQUENCE:0")
	}
	if v.part > 0 {
		head = append(head, v.head())
	}
	if v.skipped > 0 {
		head = append(head, fmt.Sprintf("#EXT-X-SKIP:SKIPPED-SEGMENTS=%d", v.skipped))
	}
	if len(head) > 0 {
		p.SetCustomTag(lines(head)) // one tag, since the writer's order of several is random
	}
	if v.fmp4 {
		p.SetDefaultMap("init.mp4", 0, 0)
	}
	for i := range v.segments {
		s := &v.segments[i]
		item := &m3u8.MediaSegment{
			URI: segmentName(s.name, s.take, v.suffix), Duration: s.length.Seconds(),
			Discontinuity: s.disc,
		}
		if v.encrypt && (i == 0 || s.key != v.segments[i-1].key) {
			item.Key = &m3u8.Key{Method: "AES-128", URI: keyName(s.key), IV: fmt.Sprintf("0x%x", streamIV)}
		}
		if before = before[:0]; s.gap {
			before = append(before, "#EXT-X-GAP")
		}
		if !s.at.IsZero() { // the writer drops a fraction that is zero, which §4.4.4.6 wants
			before = append(before, "#EXT-X-PROGRAM-DATE-TIME:"+s.at.Format("2006-01-02T15:04:05.000Z07:00"))
		}
		if len(s.parts) > 0 {
			before = append(before, v.partLines(s.number, s.parts))
		}
		if len(before) > 0 {
			item.Custom = map[string]m3u8.CustomTag{"tags": lines(before)}
		}
		if err := p.AppendSegment(item); err != nil {
			panic(err) // only when the capacity is too small
		}
	}
	p.TargetDuration = float64(v.target) // after the segments, which raise it
	p.Closed = v.endList
	if v.part > 0 && !v.endList {
		return append(bytes.Clone(p.Encode().Bytes()), v.tail()...)
	}
	return p.Encode().Bytes()
}

// lines makes one tag of several.
func lines(list []string) tag { return tag(strings.Join(list, "\n")) }

// tag is a line that grafov's writer has no field for.
type tag string

// TagName returns the line.
func (t tag) TagName() string { return string(t) }

// String returns the line.
func (t tag) String() string { return string(t) }

// Encode returns the line.
func (t tag) Encode() *bytes.Buffer { return bytes.NewBufferString(string(t)) }

// encodeMultivariant writes a multivariant playlist of the renditions, with
// their copies on a second CDN after them, if there is one.
func encodeMultivariant(s *stream, list []*track, second string) []byte {
	p := m3u8.NewMasterPlaylist()
	var subtitles string
	var group []*m3u8.Alternative
	if s.subtitles != nil {
		subtitles = subtitlesName
		group = append(group, &m3u8.Alternative{
			GroupId: subtitles, Type: "SUBTITLES", Name: "English", Language: "en", Autoselect: "YES",
			URI: subtitlesName + "/" + playlistName,
		})
	}
	bases := []string{""}
	if second != "" {
		bases = append(bases, strings.TrimSuffix(second, "/")+"/"+s.name+"/")
	}
	for _, base := range bases {
		for _, t := range list {
			p.Append(base+t.name+"/"+playlistName, nil, m3u8.VariantParams{
				Bandwidth: uint32(t.bandwidth), AverageBandwidth: uint32(t.average), Codecs: t.codecs,
				Resolution: t.resolution, FrameRate: t.frameRate, Subtitles: subtitles, Alternatives: group,
			})
		}
	}
	p.SetVersion(6)
	p.SetIndependentSegments(true)
	// PROGRAM-ID left the protocol with version 6; the writer has not heard.
	return []byte(strings.ReplaceAll(p.String(), "PROGRAM-ID=0,", ""))
}
