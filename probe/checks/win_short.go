package checks

import (
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var winShort = register(Check{
	ID:      "win.short",
	Summary: "window is shorter than three target durations",
	Doc: "A segment was removed and less than three target durations were left: error. Less than two, or fewer than " +
		"two segments: critical. With five segments or more, cut at keyframes, a window that is long enough varies a " +
		"little, so down to two target durations it is info and down to 1.5 a warning. A stream that has just started " +
		"and removed nothing is not judged.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl, td := p.Obs.Playlist, p.History.TD()
		if !pl.Live() || td == 0 || pl.Type == "EVENT" || pl.Skipped.Stated {
			return
		}
		if len(pl.Segments) == 0 || pl.Segments[0].MSN == 0 {
			return
		}
		w := pl.Window()
		switch {
		case w >= 3*td, !removed(p.History):
		case len(pl.Segments) >= 5 && w >= 2*td:
			p.Reportf(probe.Info, "window of %s, three target durations are %s", Seconds(w), Seconds(3*td))
		case len(pl.Segments) >= 5 && w >= td*3/2:
			p.Reportf(probe.Warning, "window of %s in %s, target duration %s",
				Seconds(w), Count(len(pl.Segments), "segment"), Seconds(td))
		case w < 2*td || len(pl.Segments) < 2:
			p.Reportf(probe.Critical, "window of %s in %s, target duration %s",
				Seconds(w), Count(len(pl.Segments), "segment"), Seconds(td))
		default:
			p.Reportf(probe.Error, "window of %s, three target durations are %s", Seconds(w), Seconds(3*td))
		}
	},
})

// removed reports whether the playlist was seen to drop a segment since its
// numbering last began. A stream may begin at any number.
func removed(h *evidence.History) bool {
	if len(h.Versions) == 0 {
		return false
	}
	first := h.Versions[len(h.Versions)-1].FirstMSN
	for i := len(h.Versions) - 2; i >= 0 && h.Versions[i].FirstMSN <= first; i-- {
		if h.Versions[i].FirstMSN < first {
			return true
		}
	}
	return false
}
