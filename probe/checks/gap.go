package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var gap = register(Check{
	ID:      "gap",
	Summary: "segments are marked as gaps",
	Doc: "EXT-X-GAP marks a listed segment: warning. More than a tenth of the window, counting segments that came " +
		"since watching began: error. Each of the newest three segments: critical, there is nothing to play. Gaps that " +
		"were there from the start, as packagers list for what they no longer have, stay a warning until they leave the " +
		"window.",
	Spec:     "RFC 8216bis §4.4.4.7",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Explains: []string{"seg.status", "seg.mutated", "edge.seg", "avail.early"},
	Run: func(p *Pass) {
		segs := p.Obs.Playlist.Segments
		n, newest := uint64(0), 0
		var share time.Duration
		for i := range segs {
			if segs[i].Gap {
				n++
				if segs[i].MSN > p.History.Began {
					share += segs[i].Duration
				}
				newest++
			} else {
				newest = 0
			}
		}
		switch {
		case n == 0:
		case newest >= min(3, len(segs)):
			p.Reportf(probe.Critical, "a gap in place of the newest %s", Count(newest, "segment"))
		case share*10 > p.Obs.Playlist.Window():
			p.Reportf(probe.Error, "%s, %s of a window of %s",
				Count(n, "gap"), Seconds(share), Seconds(p.Obs.Playlist.Window()))
		default:
			p.Reportf(probe.Warning, "%s in the window", Count(n, "gap"))
		}
	},
})
