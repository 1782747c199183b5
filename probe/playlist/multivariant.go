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
		r.p.Steering = true
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
	a := r.attrs(list)
	for a.next() {
		switch a.name {
		case "URI":
			v.URI = a.text()
		case "BANDWIDTH":
			r.bandwidth(&a, &v)
		case "AVERAGE-BANDWIDTH":
			v.AverageBandwidth = a.count()
		case "CODECS":
			v.Codecs = a.text()
		case "RESOLUTION":
			r.resolution(&a, &v)
		case "FRAME-RATE":
			f := a.seconds() // the same syntax: a decimal-floating-point
			v.FrameRate = f.Value.Seconds()
		case "VIDEO-RANGE":
			v.VideoRange = a.word()
		case "HDCP-LEVEL":
			v.HDCPLevel = a.word()
		case "REQ-VIDEO-LAYOUT":
			r.need(12, "REQ-VIDEO-LAYOUT")
		default:
			groupAttribute(&a, &v)
		}
	}
	if !v.Bandwidth.Stated && !r.badBandwidth {
		r.problem("mv.bandwidth", "%s has no BANDWIDTH", r.tag)
	}
	r.badBandwidth = false
	r.secondVariant(list, &v)
	return v
}

func groupAttribute(a *attrs, v *probe.Variant) {
	switch a.name {
	case "AUDIO":
		v.Audio = a.text()
	case "VIDEO":
		v.Video = a.text()
	case "SUBTITLES":
		v.Subtitles = a.text()
	case "CLOSED-CAPTIONS":
		v.ClosedCaptions = a.value // a group in quotes, or NONE without
	case "NAME":
		v.Name = a.value
	case "PATHWAY-ID":
		v.PathwayID = a.text()
	}
}

func (r *reader) bandwidth(a *attrs, v *probe.Variant) {
	n, ok := parseUint(a.word())
	if !ok || n == 0 {
		r.problem("mv.bandwidth", "BANDWIDTH is %s, want bits per second", quote(a.value))
	}
	if ok {
		v.Bandwidth = probe.State(n)
	}
	r.badBandwidth = !ok
}

func (r *reader) resolution(a *attrs, v *probe.Variant) {
	w, h, _ := strings.Cut(a.word(), "x")
	width, err := strconv.ParseUint(w, 10, 31)
	height, errHeight := strconv.ParseUint(h, 10, 31)
	if err != nil || errHeight != nil {
		a.bad("width x height")
		return
	}
	v.Width, v.Height = int(width), int(height)
}

func (r *reader) rendition(list string) {
	m := probe.Rendition{Line: r.number}
	autoselectNo := false
	a := r.attrs(list)
	for a.next() {
		switch a.name {
		case "TYPE":
			m.Type = a.word()
		case "GROUP-ID":
			m.GroupID = a.text()
		case "NAME":
			m.Name = a.text()
		case "LANGUAGE":
			m.Language = a.text()
		case "URI":
			m.URI = a.text()
		case "DEFAULT":
			m.Default = a.yes()
		case "AUTOSELECT":
			m.Autoselect = a.yes()
			autoselectNo = !m.Autoselect
		case "FORCED":
			m.Forced = a.yes()
		case "INSTREAM-ID":
			m.InstreamID = a.text()
		case "CHANNELS":
			m.Channels = a.text()
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
