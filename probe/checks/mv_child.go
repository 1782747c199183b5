package checks

import "github.com/streamwatch/streamwatch/probe"

var mvChild = register(Check{
	ID:      "mv.child",
	Summary: "variant is not a media playlist",
	Doc: "A playlist listed by the multivariant playlist is itself a multivariant playlist. No player follows a " +
		"second one.",
	Spec:     "RFC 8216bis §4",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Kind:     AnyKind, // a media playlist in its place ends it
	Explains: []string{"upd.stale", "alt.*", "edge.*", "mv.*"},
	Run: func(p *Pass) {
		if p.Obs.Target.Rendition != "" && p.Obs.Playlist.Kind == probe.Multivariant {
			p.Reportf(probe.Critical, "a multivariant playlist with %d variants, want a media playlist",
				len(p.Obs.Playlist.Variants))
		}
	},
})
