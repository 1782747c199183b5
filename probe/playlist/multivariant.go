package playlist

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// multivariantTag reads the tags that only multivariant playlists have,
// RFC 8216bis §4.4.6.
func (r *reader) multivariantTag(name, value string) bool {
	switch name {
	case "#EXT-X-STREAM-INF":
		if r.variantLine > 0 {
			r.problem("mv.uri", "the EXT-X-STREAM-INF in line %d has no URI", r.variantLine)
		}
		r.variant = r.variantAttributes(value)
		r.variantLine = r.number
	case "#EXT-X-I-FRAME-STREAM-INF":
		v := r.variantAttributes(value)
		v.Line = r.number
		if v.URI == "" {
			r.problem("mv.uri", "EXT-X-I-FRAME-STREAM-INF has no URI")
		} else {
			r.judgeURI(v.URI)
		}
		r.p.IFrames = append(r.p.IFrames, v)
	case "#EXT-X-MEDIA":
		r.rendition(value)
	case "#EXT-X-SESSION-KEY":
		r.keyAttributes(value)
	case "#EXT-X-CONTENT-STEERING":
		r.once(tagSteering)
		r.steering(value)
	case "#EXT-X-SESSION-DATA":
	default:
		return false
	}
	return true
}

func (r *reader) variantURI(line string) {
	v := &r.variant
	v.URI = r.expand(line)
	v.Line = r.variantLine
	r.judgeURI(v.URI)
	r.p.Variants = append(r.p.Variants, *v)
	r.variantLine = 0
}

// judgeURI holds the URI of a playlist to what can be fetched.
func (r *reader) judgeURI(uri string) {
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		r.problem("mv.uri", "%s is no URI", quote(uri))
	case u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https":
		r.problem("mv.uri", "%s is not http or https", quote(uri))
	}
}

func (r *reader) variantAttributes(list string) probe.Variant {
	var v probe.Variant
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "URI":
			v.URI = r.quotedAttr()
		case "BANDWIDTH":
			r.bandwidth(&v)
		case "AVERAGE-BANDWIDTH":
			v.AverageBandwidth = r.countAttr()
		case "CODECS":
			v.Codecs = r.quotedAttr()
		case "RESOLUTION":
			r.resolution(&v)
		case "FRAME-RATE":
			f := r.secondsAttr() // the same syntax: a decimal-floating-point
			v.FrameRate = f.Value.Seconds()
		case "VIDEO-RANGE":
			v.VideoRange = r.wordAttr()
		case "HDCP-LEVEL":
			v.HDCPLevel = r.wordAttr()
		case "REQ-VIDEO-LAYOUT":
			r.need(12, "REQ-VIDEO-LAYOUT")
		default:
			r.groupAttribute(&v)
		}
	}
	if !v.Bandwidth.Stated && !r.badBandwidth {
		r.problem("mv.bandwidth", "%s has no BANDWIDTH", r.tag)
	}
	r.badBandwidth = false
	r.secondVariant(list, &v)
	return v
}

func (r *reader) groupAttribute(v *probe.Variant) {
	switch r.attr.name {
	case "AUDIO":
		v.Audio = r.quotedAttr()
	case "VIDEO":
		v.Video = r.quotedAttr()
	case "SUBTITLES":
		v.Subtitles = r.quotedAttr()
	case "CLOSED-CAPTIONS":
		v.ClosedCaptions = r.attr.value // a group in quotes, or NONE without
	case "NAME":
		v.Name = r.attr.value
	case "PATHWAY-ID":
		v.PathwayID = r.quotedAttr()
	}
}

func (r *reader) bandwidth(v *probe.Variant) {
	n, ok := parseUint(r.wordAttr())
	if !ok || n == 0 {
		r.problem("mv.bandwidth", "BANDWIDTH is %s, want bits per second", quote(r.attr.value))
	}
	if ok {
		v.Bandwidth = probe.State(n)
	}
	r.badBandwidth = !ok
}

func (r *reader) resolution(v *probe.Variant) {
	w, h, _ := strings.Cut(r.wordAttr(), "x")
	width, err := strconv.ParseUint(w, 10, 31)
	height, errHeight := strconv.ParseUint(h, 10, 31)
	if err != nil || errHeight != nil {
		r.badAttr("width x height")
		return
	}
	v.Width, v.Height = int(width), int(height)
}

func (r *reader) rendition(list string) {
	m := probe.Rendition{Line: r.number}
	autoselectNo := false
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "TYPE":
			m.Type = r.wordAttr()
		case "GROUP-ID":
			m.GroupID = r.quotedAttr()
		case "NAME":
			m.Name = r.quotedAttr()
		case "LANGUAGE":
			m.Language = r.quotedAttr()
		case "URI":
			m.URI = r.quotedAttr()
		case "DEFAULT":
			m.Default = r.yesAttr()
		case "AUTOSELECT":
			m.Autoselect = r.yesAttr()
			autoselectNo = !m.Autoselect
		case "FORCED":
			m.Forced = r.yesAttr()
		case "INSTREAM-ID":
			m.InstreamID = r.quotedAttr()
		case "CHANNELS":
			m.Channels = r.quotedAttr()
		}
	}
	if m.Default && autoselectNo {
		r.problem("mv.group", "EXT-X-MEDIA with DEFAULT=YES and AUTOSELECT=NO")
	}
	r.judgeRendition(&m)
	r.secondRendition(list, &m)
	r.p.Renditions = append(r.p.Renditions, m)
}

// judgeRendition holds EXT-X-MEDIA to RFC 8216bis §4.4.6.1.
func (r *reader) judgeRendition(m *probe.Rendition) {
	if m.Type == "" || m.GroupID == "" || m.Name == "" {
		r.problem("mv.media", "EXT-X-MEDIA wants TYPE, GROUP-ID and NAME")
	}
	switch m.Type {
	case "CLOSED-CAPTIONS":
		if m.URI != "" {
			r.problem("mv.media", "EXT-X-MEDIA of CLOSED-CAPTIONS with a URI")
		}
		if m.InstreamID == "" {
			r.problem("mv.media", "EXT-X-MEDIA of CLOSED-CAPTIONS without INSTREAM-ID")
		}
		if strings.HasPrefix(m.InstreamID, "SERVICE") {
			r.need(7, "INSTREAM-ID=SERVICE")
		}
	case "SUBTITLES":
		if m.URI == "" {
			r.problem("mv.media", "EXT-X-MEDIA of SUBTITLES without a URI")
		}
	case "AUDIO", "VIDEO", "":
	default:
		r.problem("mv.media", "TYPE=%s in EXT-X-MEDIA is not known", quote(m.Type))
	}
	if m.InstreamID != "" && m.Type != "CLOSED-CAPTIONS" {
		r.need(13, "INSTREAM-ID outside CLOSED-CAPTIONS")
	}
	if m.URI != "" {
		r.judgeURI(m.URI)
	}
}
