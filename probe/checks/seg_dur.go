package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var segDur = register(Check{
	ID:      "seg.dur",
	Summary: "EXTINF is not what a segment lasts",
	Doc: "The media in a segment is longer or shorter than its EXTINF: by more than 20 % and 0.25 s is an error, by " +
		"more than 5 % and 0.1 s a warning (0.6 s where EXTINF is in whole seconds). Two of four segments open an " +
		"incident. The first bytes suffice for fragmented MP4 with one fragment per segment. Transport streams, and MP4 " +
		"with several fragments, must be read whole (segments: full).",
	Spec:     "TN2235",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnSegment,
	After:    2, Of: 4,
	Hold:     3,
	Explains: []string{"seg.ts.pts", "seg.mp4.tfdt", "dur.sum", "pdt.drift", "pdt.cont", "bitrate.tag"},
	Run: func(p *Pass) {
		rec, ok := p.firstProbe()
		if !ok || !rec.Lasts.Stated || rec.Duration <= 0 {
			p.Silent = true
			return
		}
		slack := time.Duration(0)
		if wholeSeconds(rec) {
			slack = time.Second / 2
		}
		off := (rec.Lasts.Value - rec.Duration).Abs() - slack
		s := probe.Warning
		switch {
		case off > max(rec.Duration/5, time.Second/4):
			s = probe.Error
		case off <= max(rec.Duration/20, time.Second/10):
			return
		}
		p.Reportf(s, "segment %d lasts %.2f s, its EXTINF says %.2f s",
			rec.MSN, rec.Lasts.Value.Seconds(), rec.Duration.Seconds())
	},
})
