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
	s.MSN = uint64(len(r.p.Segments)) // relative until number knows the first
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
	if r.p.Segments == nil {
		r.p.Segments = make([]probe.Segment, 0, 1+strings.Count(r.text[r.pos:], "#EXTINF:"))
	}
	r.p.Segments = append(r.p.Segments, *s)
	r.seg, r.infLine = probe.Segment{}, 0
}

// key reads EXT-X-KEY. It applies until the next of its KEYFORMAT,
// RFC 8216bis §4.4.4.4; METHOD=NONE ends them all.
func (r *reader) key(list string) {
	k := r.keyAttributes(list)
	r.secondKey(list, k)
	if k.Method == "NONE" {
		r.keys, r.keysShared = nil, false
		return
	}
	if r.keysShared {
		r.keys, r.keysShared = append([]probe.Key(nil), r.keys...), false
	}
	for i := range r.keys {
		if keyFormat(r.keys[i]) == keyFormat(k) {
			r.keys[i] = k
			return
		}
	}
	if len(r.keys) == maxKeys {
		r.problem("m3u.limit", "more than %d keys for one segment", maxKeys)
		return
	}
	r.keys = append(r.keys, k)
}

func keyFormat(k probe.Key) string {
	if k.KeyFormat == "" {
		return "identity"
	}
	return k.KeyFormat
}

// keyAttributes reads EXT-X-KEY or EXT-X-SESSION-KEY and judges it alone.
func (r *reader) keyAttributes(list string) probe.Key {
	var k probe.Key
	others := 0
	for r.attrs(list); r.nextAttr(); {
		others++
		switch r.attr.name {
		case "METHOD":
			others--
			k.Method = r.wordAttr()
		case "URI":
			k.URI = r.quotedAttr()
		case "IV":
			k.IV = r.wordAttr()
			r.need(2, "an IV")
		case "KEYFORMAT":
			k.KeyFormat = r.quotedAttr()
			r.need(5, "KEYFORMAT")
		case "KEYFORMATVERSIONS":
			k.KeyFormatVersions = r.quotedAttr()
			r.need(5, "KEYFORMATVERSIONS")
		}
	}
	r.judgeKey(k, others)
	return k
}

func (r *reader) judgeKey(k probe.Key, others int) {
	switch k.Method {
	case "NONE":
		if others > 0 {
			r.problem("key.attr", "METHOD=NONE with other attributes")
		}
		if r.tag == "EXT-X-SESSION-KEY" {
			r.problem("key.attr", "EXT-X-SESSION-KEY with METHOD=NONE")
		}
		return
	case "AES-128":
	case "SAMPLE-AES":
		r.need(5, "METHOD=SAMPLE-AES")
	case "SAMPLE-AES-CTR", "AES-256-GCM":
		if k.IV != "" {
			r.problem("key.attr", "METHOD=%s with an IV", k.Method)
		}
	case "":
		r.problem("key.attr", "%s has no METHOD", r.tag)
	default:
		r.problem("key.attr", "METHOD=%s is not known", quote(k.Method))
	}
	if k.URI == "" {
		r.problem("key.attr", "%s has no URI", r.tag)
	}
	if k.IV != "" && !isHex(k.IV, 32) {
		r.problem("key.attr", "the IV is not 0x and 32 hexadecimal digits")
	}
}

// isHex reports whether s is a hexadecimal-sequence of so many digits; -1 is
// any number of whole bytes.
func isHex(s string, digits int) bool {
	if len(s) < 3 || s[0] != '0' || s[1] != 'x' && s[1] != 'X' {
		return false
	}
	s = s[2:]
	if digits >= 0 && len(s) != digits || len(s)%2 != 0 {
		return false
	}
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func (r *reader) mapTag(list string) {
	m := &probe.Map{}
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "URI":
			m.URI = r.quotedAttr()
		case "BYTERANGE":
			m.ByteRange = r.byteRange(r.quotedAttr())
			r.resolve(&m.ByteRange, "", &span{})
		}
	}
	if m.URI == "" {
		r.problem("m3u.attr", "EXT-X-MAP has no URI")
	}
	for _, k := range r.keys {
		if k.Method == "AES-128" && k.IV == "" {
			r.problem("map.iv", "EXT-X-MAP under METHOD=AES-128 without an IV")
			break
		}
	}
	if r.mapLine == 0 {
		r.mapLine = r.number
	}
	r.secondMap(list, m)
	r.initMap = m
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
