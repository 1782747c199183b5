package checks

import "github.com/streamwatch/streamwatch/probe"

var segKeyframe = register(Check{
	ID:      "seg.keyframe",
	Summary: "segments do not begin with a keyframe",
	Doc: "By its NAL units or sample flags, the first picture of a segment depends on earlier ones, although " +
		"EXT-X-INDEPENDENT-SEGMENTS promises otherwise: warning, and two of four segments open an incident. Without that " +
		"tag it is allowed, and players wait for the next keyframe: info. Containers that do not show it are not judged.",
	Spec:     "RFC 8216bis §4.4.2.1; HLS Authoring Specification 7.4",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnSegment,
	After:    2, Of: 4,
	Hold: 3,
	Run: func(p *Pass) {
		rec, ok := p.firstProbe()
		if !ok || !p.Obs.Segment.Keyframe.Stated {
			p.Silent = true
			return
		}
		if !p.Obs.Segment.Keyframe.Value {
			s := probe.Info
			if p.independent() {
				s = probe.Warning
			}
			p.Reportf(s, "segment %d (%s)", rec.MSN, shortURI(rec.URI))
		}
	},
})

// independent reports whether the media playlist, or the multivariant one of its
// side, says that each segment can be decoded by itself.
func (p *Pass) independent() bool {
	if pl := p.History.Playlist; pl != nil && pl.IndependentSegments {
		return true
	}
	for _, h := range p.Stream.Histories {
		same := h.Target.Rendition == "" && h.Target.Place() == p.History.Target.Place()
		if same && h.Playlist != nil && h.Playlist.IndependentSegments {
			return true
		}
	}
	return false
}
