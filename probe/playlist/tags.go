package playlist

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// tagSet holds which tags that may come once have come.
type tagSet uint32

const (
	tagM3U tagSet = 1 << iota
	tagVersion
	tagIndependent
	tagStart
	tagTargetDuration
	tagMediaSequence
	tagDiscontinuitySequence
	tagType
	tagEndList
	tagIFramesOnly
	tagPartInf
	tagServerControl
	tagSkip
	tagSteering
)

// once notes that a tag came and reports whether it is the first of its kind.
// Of a tag that comes twice the first counts.
func (r *reader) once(t tagSet) bool {
	if r.seen&t == 0 {
		r.seen |= t
		return true
	}
	check := "m3u.dup"
	if t == tagVersion {
		check = "m3u.version.dup"
	}
	r.problem(check, "%s comes a second time", r.tag)
	return false
}

// need notes that a feature requires a version, RFC 8216bis §8.
func (r *reader) need(version int, feature string) {
	if version > r.needVersion {
		r.needVersion, r.needFeature, r.needLine = version, feature, r.number
	}
}

// dispatch reads the current line.
func (r *reader) dispatch() {
	l := r.line
	switch {
	case l == "":
	case l[0] != '#':
		r.uri(l)
	case strings.HasPrefix(l, "#EXTINF:"):
		r.tag = "EXTINF"
		r.mediaTag()
		r.extinf(l[len("#EXTINF:"):])
	case strings.HasPrefix(l, "#EXT"):
		r.tagLine(l)
	case len(l) > 7 && (strings.EqualFold(l[:7], "#EXT-X-") || strings.EqualFold(l[:7], "#EXTINF")):
		r.problem("m3u.attr", "tag names are upper case: players take %s for a comment", quote(l))
	}
}

func (r *reader) tagLine(l string) {
	name, value, valued := strings.Cut(l, ":")
	r.tag = name[1:]
	if isBlankEdge(value) {
		value = r.trim(value)
	}
	switch {
	case r.commonTag(name, value):
	case r.segmentTag(name, value):
		r.mediaTag()
	case r.playlistTag(name, value):
		r.mediaTag()
	case r.multivariantTag(name, value):
		if r.multiLine == 0 {
			r.multiLine = r.number
		}
	case name == "#EXTINF" && !valued:
		r.mediaTag()
		r.extinf("")
	}
}

func isBlankEdge(s string) bool {
	return s != "" && (isBlank(s[0]) || isBlank(s[len(s)-1]))
}

func (r *reader) mediaTag() {
	if r.mediaLine == 0 {
		r.mediaLine = r.number
	}
}

// commonTag reads the tags of both kinds of playlist, RFC 8216bis §4.4.1-2.
func (r *reader) commonTag(name, value string) bool {
	switch name {
	case "#EXTM3U":
		r.once(tagM3U)
	case "#EXT-X-VERSION":
		if !r.once(tagVersion) {
			break
		}
		if v, ok := parseUint(value); ok && v < 1<<31 {
			r.p.Version = probe.State(int(v))
		} else {
			r.report("m3u.attr", probe.Error, "EXT-X-VERSION is %s, want a number", quote(value))
		}
	case "#EXT-X-INDEPENDENT-SEGMENTS":
		r.once(tagIndependent)
		r.p.IndependentSegments = true
	case "#EXT-X-START":
		r.start(value)
	case "#EXT-X-DEFINE":
		r.define(value)
	default:
		return false
	}
	return true
}

func (r *reader) start(list string) {
	if !r.once(tagStart) {
		return
	}
	for r.attrs(list); r.nextAttr(); {
		if r.attr.name != "TIME-OFFSET" {
			continue
		}
		magnitude, negative := strings.CutPrefix(r.attr.value, "-")
		d, _, ok := parseSeconds(magnitude)
		if !ok {
			r.badAttr("a number of seconds")
			continue
		}
		if negative {
			d = -d
		}
		r.p.Start = probe.State(d)
	}
	if !r.p.Start.Stated {
		r.problem("m3u.attr", "EXT-X-START has no TIME-OFFSET")
	}
}

// playlistTag reads the tags that come once in a media playlist, RFC 8216bis
// §4.4.3, and those that describe its future, §4.4.5.
func (r *reader) playlistTag(name, value string) bool {
	switch name {
	case "#EXT-X-TARGETDURATION":
		r.targetDuration(value)
	case "#EXT-X-MEDIA-SEQUENCE":
		r.sequence(tagMediaSequence, &r.p.MediaSequence, value)
	case "#EXT-X-DISCONTINUITY-SEQUENCE":
		r.sequence(tagDiscontinuitySequence, &r.p.DiscontinuitySequence, value)
	case "#EXT-X-PLAYLIST-TYPE":
		if !r.once(tagType) {
			break
		}
		if value != "EVENT" && value != "VOD" {
			r.problem("m3u.attr", "EXT-X-PLAYLIST-TYPE is %s, want EVENT or VOD", quote(value))
			break
		}
		r.p.Type = value
	case "#EXT-X-ENDLIST":
		r.once(tagEndList)
		r.p.EndList = true
	case "#EXT-X-I-FRAMES-ONLY":
		r.once(tagIFramesOnly)
		r.p.IFramesOnly = true
		r.need(4, "EXT-X-I-FRAMES-ONLY")
	case "#EXT-X-PART-INF":
		r.partInf(value)
	case "#EXT-X-SERVER-CONTROL":
		r.serverControl(value)
	case "#EXT-X-SKIP":
		r.skip(value)
	case "#EXT-X-PRELOAD-HINT":
		r.preloadHint(value)
	case "#EXT-X-RENDITION-REPORT":
		r.renditionReport(value)
	case "#EXT-X-DATERANGE":
		r.dateRange(value)
	default:
		return false
	}
	return true
}

func (r *reader) targetDuration(value string) {
	if !r.once(tagTargetDuration) {
		return
	}
	d, fraction, ok := parseSeconds(value)
	switch {
	case !ok:
		r.problem("td.present", "EXT-X-TARGETDURATION is %s, want a whole number of seconds", quote(value))
		return
	case d > longestMedia:
		r.problem("td.present", "EXT-X-TARGETDURATION is %s: no segment lasts a day, so it is not used", quote(value))
		return
	case fraction || d == 0:
		r.problem("td.present", "EXT-X-TARGETDURATION is %s, want a whole number from 1", quote(value))
	}
	r.p.TargetDuration = probe.State(d)
}

// sequence reads one of the two sequence numbers, which must come before what
// they number, RFC 8216bis §4.4.3.2-3.
func (r *reader) sequence(t tagSet, into *probe.Fact[uint64], value string) {
	if !r.once(t) {
		return
	}
	switch {
	case len(r.p.Segments) > 0 || r.infLine > 0:
		r.problem("m3u.order", "%s comes after a segment", r.tag)
	case t == tagDiscontinuitySequence && r.dsn > 0:
		r.problem("m3u.order", "%s comes after EXT-X-DISCONTINUITY", r.tag)
	}
	n, ok := parseUint(value)
	if !ok {
		r.report("m3u.attr", probe.Error, "%s is %s, want a whole number below 2^64", r.tag, quote(value))
		return
	}
	*into = probe.State(n)
}
