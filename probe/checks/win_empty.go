package checks

import "github.com/streamwatch/streamwatch/probe"

var winEmpty = register(Check{
	ID:       "win.empty",
	Summary:  "live playlist lists no segment",
	Doc:      "A live media playlist lists no segment, in two rounds.",
	Spec:     "RFC 8216bis §4.1",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	After:    2, Of: 3,
	Explains: []string{"win.*", "upd.stale", "ll.*", "alt.*", "edge.*", "seq.*", "dseq.*", "pdt.*", "hdr.changed"},
	Run: func(p *Pass) {
		if pl := p.Obs.Playlist; pl != nil && pl.Live() && len(pl.Segments) == 0 {
			p.Reportf(probe.Critical, "no segment, media sequence number %d", pl.MediaSequence.Value)
		}
	},
})
