package checks

import (
	"path"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var typeLive = register(Check{
	ID:      "type.live",
	Summary: "segments leave a playlist that promised to keep them",
	Doc: "EXT-X-PLAYLIST-TYPE appears in a playlist that removed segments from its start. EVENT may only grow and VOD " +
		"may not change, so players seek to segments that are gone. Not judged across a jump of the whole window.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Run: func(p *Pass) {
		prev, cur, ok := p.update()
		if !ok || cur.Type == "" || prev.Type != cur.Type {
			return
		}
		if was, is := prev.Segments[0].MSN, cur.Segments[0].MSN; is > was && is <= last(prev).MSN+1 {
			p.Reportf(probe.Error, "EXT-X-PLAYLIST-TYPE:%s, and segment %d left", cur.Type, was)
		}
	},
})

var dseqMissing = register(Check{
	ID:      "dseq.missing",
	Summary: "sliding playlist with discontinuities has no discontinuity sequence number",
	Doc: "A playlist that removes segments lists EXT-X-DISCONTINUITY but has no EXT-X-DISCONTINUITY-SEQUENCE. When " +
		"that discontinuity leaves the window, the discontinuity number of every segment changes (dseq.math), and " +
		"renditions can no longer be matched.",
	Spec:     "RFC 8216bis §6.2.2; CoreMedia error -12642",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Hold:     3, // what comes of it shows with the text that no longer lists it
	Explains: []string{"dseq.math", "alt.dseq"},
	Run: func(p *Pass) {
		pl := p.Obs.Playlist
		if !pl.Live() || pl.Type == "EVENT" || pl.DiscontinuitySequence.Stated || pl.Skipped.Stated || !removed(p.History) {
			return
		}
		for i := range pl.Segments {
			if pl.Segments[i].Discontinuity {
				p.Reportf(probe.Error, "EXT-X-DISCONTINUITY at segment %d", pl.Segments[i].MSN)
				return
			}
		}
	},
})

var mapMissing = register(Check{
	ID:      "map.missing",
	Summary: "fragmented MP4 segments have no initialization section",
	Doc: "A segment named .m4s, .cmfv, .cmfa or .cmft has no EXT-X-MAP that applies to it. A segment named .mp4 may " +
		"contain its own and is not judged.",
	Spec:     "RFC 8216bis §3.1.2; HLS Authoring Specification 8.20",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		for i := range p.Obs.Playlist.Segments {
			s := &p.Obs.Playlist.Segments[i]
			if s.Map == nil && !s.Gap && fragment(s.URI) {
				p.Reportf(probe.Error, "segment %d (%s) has no EXT-X-MAP", s.MSN, shortURI(s.URI))
				return
			}
		}
	},
})

// fragment reports whether a URI names a piece of a fragmented MP4 file.
func fragment(uri string) bool {
	uri, _, _ = strings.Cut(uri, "?")
	switch strings.ToLower(path.Ext(uri)) {
	case ".m4s", ".cmfv", ".cmfa", ".cmft":
		return true
	default:
		return false
	}
}
