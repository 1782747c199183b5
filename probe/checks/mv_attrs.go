package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// What players like to know of a variant before they fetch it. Streams play
// without, so all of it is info.
var mvAttrs = []*Check{
	lacking("mv.codecs", "variants do not state their codecs", "HLS Authoring Specification 9.1",
		"Without CODECS a player must fetch a segment before it knows whether it can play it.", func(v *probe.Variant) bool { return v.Codecs == "" }),
	lacking("mv.resolution", "video variants do not state their resolution", "HLS Authoring Specification 9.2",
		"Without RESOLUTION a player cannot keep to the size of its window. Variants whose CODECS are all audio need none.", func(v *probe.Variant) bool { return v.Height == 0 && !soundOnly(v) }),
	lacking("mv.framerate", "video variants do not state their frame rate", "HLS Authoring Specification 9.15",
		"Without FRAME-RATE a player cannot tell 25 from 50 frames. Variants whose CODECS are all audio need none.", func(v *probe.Variant) bool { return v.FrameRate == 0 && !soundOnly(v) }),
	lacking("mv.avgbw", "variants do not state their average bandwidth", "HLS Authoring Specification 9.14",
		"Without AVERAGE-BANDWIDTH a player takes the peak for the rule.", func(v *probe.Variant) bool { return !v.AverageBandwidth.Stated }),
}

func lacking(id, summary, spec, doc string, lacks func(*probe.Variant) bool) *Check {
	return register(Check{
		ID: id, Summary: summary, Spec: spec, Doc: doc, Severity: probe.Info, Blame: probe.BlameEncoder, When: OnPlaylist, Kind: probe.Multivariant,
		Run: func(p *Pass) {
			n, of := uint64(0), p.Obs.Playlist.Variants
			for i := range of {
				if lacks(&of[i]) {
					n++
				}
			}
			if n > 0 {
				p.Reportf(probe.Info, "%s of %d", plural(n, "variant"), len(of))
			}
		},
	})
}

// soundOnly reports whether all codecs of a variant are known ones of sound.
func soundOnly(v *probe.Variant) bool {
	if v.Codecs == "" {
		return false
	}
	for c := range strings.SplitSeq(v.Codecs, ",") {
		switch kind, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(c)), "."); kind {
		case "mp4a", "ac-3", "ec-3", "ac-4", "opus", "flac", "alac":
		default:
			return false
		}
	}
	return true
}

var mvRates = register(Check{
	ID:       "mv.rates",
	Summary:  "viewers have no other variant to fall back to",
	Doc:      "There is only one variant: a slow network stops it. Or the shapes of the pictures differ by more than two percent, so that the picture jumps when the variant changes.",
	Spec:     "HLS Authoring Specification 9.9, 1.33",
	Severity: probe.Info,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Kind:     probe.Multivariant,
	Run: func(p *Pass) {
		of := p.Obs.Playlist.Variants
		if len(of) == 1 {
			p.Reportf(probe.Info, "one variant")
			return
		}
		for i := range of {
			a, b := &of[0], &of[i]
			if w, x := a.Width*b.Height, b.Width*a.Height; w > 0 && x > 0 && 50*max(w-x, x-w) > w {
				p.Reportf(probe.Info, "%dx%d and %dx%d are of different shapes", a.Width, a.Height, b.Width, b.Height)
				return
			}
		}
	},
})
