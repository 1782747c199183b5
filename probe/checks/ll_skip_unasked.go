package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var llSkipUnasked = register(Check{
	ID:      "ll.skip.unasked",
	Summary: "a delta update came though none was asked for",
	Doc: "A playlist requested without _HLS_skip has EXT-X-SKIP. Players that start with it miss the skipped " +
		"segments. If only the edge does it, _HLS_skip is forwarded but not in the cache key. A local file is not " +
		"judged.",
	Spec:     "RFC 8216bis §6.2.5.1; CloudFront Developer Guide, Cache policies",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	When:     OnPlaylist,
	Hold:     4, // a cache gives it to some and not to others
	Explains: []string{
		"ll.skip", "edge.body", "edge.lag", "seq.*", "win.*", "dseq.*", "seg.mutated", "map.missing", "seg.mp4.map",
	},
	Run: func(p *Pass) {
		if skipped := p.Obs.Playlist.Skipped; skipped.Stated && strings.HasPrefix(p.Obs.Exchange.Address.Scheme(), "http") {
			p.Reportf(probe.Error, "%s skipped", Count(skipped.Value, "segment"))
		}
	},
})
