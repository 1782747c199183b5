package playlist

import (
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// segmentTag reads the tags that describe the next segment or all that follow,
// RFC 8216bis §4.4.4.
func (r *reader) segmentTag(name, value string) bool {
	switch name {
	case "#EXT-X-PROGRAM-DATE-TIME":
		r.programDateTime(value)
	case "#EXT-X-PART":
		r.part(value)
	case "#EXT-X-DISCONTINUITY":
		r.dsn++
		r.seg.Discontinuity = true
	case "#EXT-X-BYTERANGE":
		r.need(4, "EXT-X-BYTERANGE")
		r.seg.ByteRange = r.byteRange(value)
	case "#EXT-X-GAP":
		r.seg.Gap = true
	case "#EXT-X-BITRATE":
		n, ok := parseUint(value)
		if !ok || n > 1<<50 {
			r.problem("m3u.attr", "EXT-X-BITRATE is %s, want a number of kilobits per second", quote(value))
			break
		}
		r.bitrate = n * 1000
	case "#EXT-X-KEY":
		r.key(value)
	case "#EXT-X-MAP":
		r.mapTag(value)
	default:
		return r.cueTag(name, value)
	}
	return true
}

func (r *reader) extinf(value string) {
	if r.infLine > 0 {
		r.problem("inf.bad", "the EXTINF in line %d has no URI", r.infLine)
	}
	r.infLine = r.number
	text, title, _ := strings.Cut(value, ",")
	if isBlankEdge(text) {
		text = r.trim(text)
	}
	if isBlankEdge(title) {
		title = r.trim(title)
	}
	d, fraction, ok := parseSeconds(text)
	switch {
	case !ok:
		r.problem("inf.bad", "the duration of EXTINF is %s, want a decimal number", quote(text))
	case d > longestMedia:
		r.problem("inf.bad", "the duration of EXTINF is %s: no segment lasts a day, so it is not used", quote(text))
		d = 0
	case d == 0:
		r.report("inf.bad", probe.Warning, "the duration of EXTINF is 0")
	case fraction && r.floatingAt == 0:
		r.floatingAt = r.number
		r.need(3, "an EXTINF with a fraction")
	case !fraction && r.integerAt == 0:
		r.integerAt = r.number
	}
	r.seg.Duration, r.seg.Title = d, title
}

// uri reads a URI line: that of a variant when EXT-X-STREAM-INF waits for one,
// else that of a segment.
func (r *reader) uri(line string) {
	r.prevURI, r.lastURI = r.lastURI, line
	switch {
	case r.variantLine > 0:
		r.variantURI(line)
	case r.infLine > 0:
		r.segment(line)
	case strings.ContainsAny(line, " <>{}\""):
		r.problem("inf.missing", "%s is neither a tag nor a URI", quote(line))
	case r.multiLine > 0 && r.mediaLine == 0:
		r.problem("mv.uri", "%s has no EXT-X-STREAM-INF", quote(line))
	default:
		r.problem("inf.missing", "%s has no EXTINF", quote(line))
		if r.bare++; r.bare <= maxBare { // each can be two bytes of text
			r.segment(line)
		}
	}
}

// segment completes a segment with all that has been said about it.
func (r *reader) segment(uri string) {
	s := &r.seg
	s.URI = r.expand(uri)
	r.makeRoom()
	s.MSN = uint64(r.dropped + len(r.p.Segments)) // relative until finishMedia knows the first
	s.DSN = r.dsn
	s.Line = r.number
	r.resolve(&s.ByteRange, s.URI, &r.lastRange)
	if !s.ByteRange.Stated {
		s.Bitrate = r.bitrate // EXT-X-BITRATE skips byte ranges, RFC 8216bis §4.4.4.8
	}
	if len(r.keys) > 0 {
		s.Keys, r.keysShared = r.keys, true
	}
	s.Map = r.initMap
	if n := len(r.parts); n > r.partsFrom {
		s.Parts = r.parts[r.partsFrom:n:n]
		r.partsFrom = n
	}
	r.p.Segments = append(r.p.Segments, *s)
	r.seg, r.infLine = probe.Segment{}, 0
}

// makeRoom drops the older half of the segments when there are too many to
// keep: what is new stands at the end, and tells whether the stream lives.
func (r *reader) makeRoom() {
	switch len(r.p.Segments) {
	case 0:
		n := 1 + strings.Count(r.text[r.pos:], "#EXTINF:")
		r.p.Segments = make([]probe.Segment, 0, min(n, maxSegments))
	case maxSegments:
		kept := copy(r.p.Segments, r.p.Segments[maxSegments/2:])
		clear(r.p.Segments[kept:])
		r.p.Segments = r.p.Segments[:kept]
		r.dropped += maxSegments - kept
	}
}

func (r *reader) programDateTime(value string) {
	at, form := parseDate(value)
	r.dates = true
	switch {
	case form == formBad:
		r.report("pdt.format", probe.Error, "EXT-X-PROGRAM-DATE-TIME is %s, want ISO 8601", quote(value))
		at = time.Time{}
	case form&formNoZone != 0 && !r.dateNoZone:
		r.dateNoZone = true
		r.report("pdt.format", probe.Warning, "EXT-X-PROGRAM-DATE-TIME has no zone; UTC is assumed")
	case form&formNoFraction != 0 && !r.dateNoFrac:
		r.dateNoFrac = true
		r.report("pdt.format", probe.Info, "EXT-X-PROGRAM-DATE-TIME has no fraction of a second")
	}
	r.seg.PDT = at
}
