package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var endlist = register(Check{
	ID:      "endlist",
	Summary: "stream ended before its time",
	Doc: "A playlist that was live has EXT-X-ENDLIST, while the event states no end, or one more than a minute away. " +
		"Players stop for good.",
	Spec:     "RFC 8216bis §4.4.3.4",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Explains: []string{"upd.stale", "ll.*", "alt.*", "edge.*", "hdr.changed"},
	Run: func(p *Pass) {
		if !p.Obs.Playlist.EndList || p.History.Previous == nil || p.Stream.Over(p.Now.Add(time.Minute)) {
			return
		}
		p.Reportf(probe.Critical, "EXT-X-ENDLIST after segment %d", p.History.High)
	},
})
