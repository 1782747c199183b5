package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// What players like to know of a variant before they fetch it. Streams play
// without, so all of it is info.
var mvAttrs = []*Check{
	missing(Check{
		ID:      "mv.codecs",
		Summary: "variants do not state their codecs",
		Doc:     "Without CODECS a player must fetch a segment before it knows whether it can play it.",
		Spec:    "HLS Authoring Specification 9.1",
	}, func(v *probe.Variant) bool { return v.Codecs == "" }),
	missing(Check{
		ID:      "mv.resolution",
		Summary: "video variants do not state their resolution",
		Doc: "Without RESOLUTION a player cannot match the variant to the size of its window. Variants whose CODECS are " +
			"all audio need none.",
		Spec: "HLS Authoring Specification 9.2",
	}, func(v *probe.Variant) bool { return v.Height == 0 && !soundOnly(v) }),
	missing(Check{
		ID:      "mv.framerate",
		Summary: "video variants do not state their frame rate",
		Doc: "Without FRAME-RATE a player cannot tell 25 from 50 frames per second. Variants whose CODECS are all audio " +
			"need none.",
		Spec: "HLS Authoring Specification 9.15",
	}, func(v *probe.Variant) bool { return v.FrameRate == 0 && !soundOnly(v) }),
	missing(Check{
		ID:      "mv.avgbw",
		Summary: "variants do not state their average bandwidth",
		Doc:     "Without AVERAGE-BANDWIDTH a player mistakes the peak for the usual bit rate.",
		Spec:    "HLS Authoring Specification 9.14",
	}, func(v *probe.Variant) bool { return !v.AverageBandwidth.Stated }),
}

// missing registers a check of an attribute that variants should have.
func missing(c Check, absent func(*probe.Variant) bool) *Check {
	c.Severity, c.Blame, c.When, c.Kind = probe.Info, probe.BlameEncoder, OnPlaylist, probe.Multivariant
	c.Run = func(p *Pass) {
		n, of := uint64(0), p.Obs.Playlist.Variants
		for i := range of {
			if absent(&of[i]) {
				n++
			}
		}
		if n > 0 {
			p.Reportf(probe.Info, "%s of %d", Count(n, "variant"), len(of))
		}
	}
	return register(c)
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
	ID:      "mv.rates",
	Summary: "viewers have no other variant to fall back to",
	Doc: "There is only one variant, so a slow network stops playback. Or the variants' aspect ratios differ by more " +
		"than two percent, so the picture jumps at each switch.",
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
