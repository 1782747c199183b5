package playlist

import (
	"path"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// finish decides what only the whole text tells.
func (r *reader) finish() {
	r.judgeEnd()
	r.number = 0
	r.classify()
	switch r.p.Kind {
	case probe.Media:
		r.p.WholeSeconds = r.integerAt > 0 && r.floatingAt == 0
		r.finishMedia()
	case probe.Multivariant:
		r.p.Segments = nil
		r.finishMultivariant()
	case probe.UnknownKind:
		*r.p = probe.Playlist{Bytes: r.p.Bytes, Problems: r.p.Problems}
		return
	}
	r.judgeVersion()
}

// classify tells the kind by the tags, RFC 8216bis §4. A text with tags of both
// kinds is read as what its URI lines are.
func (r *reader) classify() {
	p := r.p
	media, multi := r.mediaLine > 0, r.multiLine > 0
	if media && multi {
		r.problemAt(max(r.mediaLine, r.multiLine), "m3u.mixed",
			"tags of media playlists (line %d) and of multivariant playlists (line %d)",
			r.mediaLine, r.multiLine)
		if len(p.Variants) > 0 && (len(p.Segments) == 0 || r.integerAt+r.floatingAt == 0) {
			media = false
		}
	}
	switch {
	case media:
		p.Kind = probe.Media
	case multi:
		p.Kind = probe.Multivariant
	case r.seen&tagM3U == 0:
		p.Kind = probe.UnknownKind
	case len(p.Segments) > 0:
		p.Kind = probe.Media // URIs and nothing else: a plain M3U
	default:
		p.Kind = probe.Multivariant // nothing that a media playlist must have
	}
}

// judgeEnd tells whether the text stops in the middle. A last line that is not
// ended can be complete all the same: then it is a matter of form.
func (r *reader) judgeEnd() {
	switch {
	case r.cut:
	case r.infLine > 0:
		r.cutOff("the last EXTINF (line %d) has no URI", r.infLine)
	case r.variantLine > 0:
		r.cutOff("the last EXT-X-STREAM-INF (line %d) has no URI", r.variantLine)
	case r.terminated:
	case r.looksWhole():
		r.report("http.truncated", probe.Info, "the last line has no line end")
	default:
		r.cutOff("the text stops in the middle of a line: %s", quote(r.line))
	}
}

// cutOff reports that the text stops in the middle.
func (r *reader) cutOff(format string, args ...any) {
	r.p.CutOff = true
	r.report("http.truncated", probe.Error, format, args...)
}

// looksWhole guesses whether a last line without a line end is complete: a URI
// that ends as the one before it does, or a tag without a value, or one whose
// value ends in a quote, or a rendition report that says where the other
// playlist is.
func (r *reader) looksWhole() bool {
	if strings.HasPrefix(r.line, "#") {
		return strings.HasSuffix(r.line, `"`) || r.line == "#EXTM3U" || r.line == "#EXT-X-ENDLIST" ||
			strings.HasPrefix(r.line, "#EXT-X-RENDITION-REPORT:") && strings.Contains(r.line, "LAST-MSN=") &&
				!strings.HasSuffix(r.line, "=")
	}
	if strings.Contains(r.line, "?") {
		return sameLength(r.lastURI, r.prevURI)
	}
	if r.prevURI == "" {
		return path.Ext(r.line) != ""
	}
	ext, before := path.Ext(r.line), path.Ext(r.prevURI)
	return ext == before || numbered(ext) && numbered(before) && sameLength(ext, before)
}

// sameLength reports whether two URIs are as long as each other, but for one
// digit more where a number reached the next power of ten.
func sameLength(last, prev string) bool {
	grown := len(last) - len(prev)
	return grown == 0 || grown > 0 && grown <= 2 && strings.Contains(prev, "9")
}

// numbered reports whether what looks like an extension is a number: "v.107".
func numbered(ext string) bool { return len(ext) > 1 && strings.Trim(ext[1:], "0123456789") == "" }

func (r *reader) finishMedia() {
	p := r.p
	base, dsn := p.MediaSequence.Value+p.Skipped.Value, p.DiscontinuitySequence.Value
	for i := range p.Segments {
		p.Segments[i].MSN += base
		p.Segments[i].DSN += dsn
	}
	if n := uint64(len(p.Segments)); n > 0 && base+n-1 < p.MediaSequence.Value {
		r.problem("m3u.attr", "media sequence numbers pass 2^64-1")
	}
	if r.dropped > 0 {
		r.problem("m3u.limit", "%d segments are listed, the newest %d are looked at", r.dropped+len(p.Segments),
			len(p.Segments))
	}
	p.TrailingParts, p.Parts = r.parts[r.partsFrom:], len(r.parts)
	if len(p.TrailingParts) == 0 {
		p.TrailingParts = nil
	}
	if r.seen&tagTargetDuration == 0 {
		r.problem("td.present", "there is no EXT-X-TARGETDURATION")
	}
	if !p.EndList && p.Type == "" && r.seen&tagMediaSequence == 0 {
		r.problem("seq.missing", "a live playlist without EXT-X-MEDIA-SEQUENCE")
	}
	if p.WholeSeconds && p.Version.Value >= 3 {
		r.number = r.integerAt
		r.report("inf.bad", probe.Info, "EXTINF without a fraction; from version 3 on durations should have one")
		r.number = 0
	}
	if len(p.DateRanges) > 0 && !r.dates {
		r.report("daterange", probe.Error, "EXT-X-DATERANGE and no EXT-X-PROGRAM-DATE-TIME")
	}
	if r.mapLine > 0 {
		version := 6
		if p.IFramesOnly {
			version = 5
		}
		r.number = r.mapLine
		r.need(version, "EXT-X-MAP")
		r.number = 0
	}
}

func (r *reader) judgeVersion() {
	have := max(1, r.p.Version.Value)
	if r.needVersion <= have || r.seen&tagVersion != 0 && !r.p.Version.Stated {
		return
	}
	r.problemAt(r.needLine, "m3u.version.low", "%s needs EXT-X-VERSION %d, it is %d", r.needFeature, r.needVersion, have)
}

// finishMultivariant judges what variants and renditions say of each other.
func (r *reader) finishMultivariant() {
	p := r.p
	if len(p.Variants) == 0 {
		r.problem("mv.empty", "a multivariant playlist without variants")
	}
	type same struct{ uri, audio, video, subtitles, captions string }
	variants := make(map[same]int, len(p.Variants))
	for i := range p.Variants {
		v := &p.Variants[i]
		k := same{v.URI, v.Audio, v.Video, v.Subtitles, v.ClosedCaptions}
		if first, ok := variants[k]; ok {
			r.problemAt(v.Line, "mv.uri", "the same variant as in line %d", first)
			continue
		}
		variants[k] = v.Line
	}
	if n := len(variants) + len(p.Renditions); n > maxLadder {
		r.report("m3u.limit", probe.Warning, "%d playlists are listed, the first %d are read", n, maxLadder)
	}
	r.judgeGroups()
	r.judgePathway()
}

// judgeGroups holds groups to RFC 8216bis §4.4.6.1.1.
func (r *reader) judgeGroups() {
	type group struct{ kind, id string }
	type member struct {
		group
		name string
	}
	defaults := make(map[group]bool)
	members := make(map[member]bool)
	for i := range r.p.Renditions {
		m := &r.p.Renditions[i]
		g := group{m.Type, m.GroupID}
		if members[member{g, m.Name}] {
			r.problemAt(m.Line, "mv.group", "two members of group %s have the name %s", quote(m.GroupID), quote(m.Name))
		}
		members[member{g, m.Name}] = true
		if m.Default && defaults[g] {
			r.problemAt(m.Line, "mv.group", "two members of group %s have DEFAULT=YES", quote(m.GroupID))
		}
		defaults[g] = defaults[g] || m.Default
	}
	for i := range r.p.Variants {
		v := &r.p.Variants[i]
		for _, g := range [...]group{
			{"AUDIO", v.Audio},
			{"VIDEO", v.Video},
			{"SUBTITLES", v.Subtitles},
			{"CLOSED-CAPTIONS", v.ClosedCaptions},
		} {
			if _, ok := defaults[g]; !ok && g.id != "" && g.id != "NONE" {
				r.problemAt(v.Line, "mv.group", "%s names the group %s, which does not exist", g.kind, quote(g.id))
			}
		}
	}
}
