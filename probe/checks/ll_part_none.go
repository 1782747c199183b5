package checks

import "github.com/streamwatch/streamwatch/probe"

var llPartNone = register(Check{
	ID:      "ll.part.none",
	Summary: "partial segments are promised and none is listed",
	Doc: "A live playlist has EXT-X-PART-INF and CAN-BLOCK-RELOAD, and new segments come, but it lists no EXT-X-PART. " +
		"Low-latency players wait for parts that never come, and run dry. For subtitles it is a warning. Two of three " +
		"texts open an incident.",
	Spec:     "RFC 8216bis §4.4.3.7, §4.4.3.8, Appendix B.1",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    2, Of: 3,
	Explains: []string{"ll.block", "ll.sync", "ll.report", "alt.edge"},
	Run: func(p *Pass) {
		pl, h := p.Obs.Playlist, p.History
		promised := pl.PartTarget.Stated && pl.ServerControl.Value.CanBlockReload
		if !p.first() || !pl.Live() || pl.Parts > 0 || !promised || !h.Advanced.After(h.First) {
			return
		}
		p.Reportf(p.noticed(probe.Error), "PART-TARGET is %s, reloads can be blocked, and %s without a part",
			pl.PartTarget.Value, Count(len(pl.Segments), "segment"))
	},
})
