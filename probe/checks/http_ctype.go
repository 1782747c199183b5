package checks

import (
	"path"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var httpCtypePlaylist = register(Check{
	ID:      "http.ctype.playlist",
	Summary: "playlist has the wrong Content-Type",
	Doc: "Content-Type is neither application/vnd.apple.mpegurl nor audio/mpegurl. Error if the path does not end in " +
		".m3u8 or .m3u either, warning if it does, and info for the unregistered x- forms, which every player accepts. A " +
		"304 states no type and is not judged. If the origin sends the wrong type, the origin is to blame; if only the " +
		"edge does, its rules are.",
	Spec:     "RFC 8216bis §4; HLS Authoring Specification 10.4",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	After:    2, Of: 3,
	Run: func(p *Pass) {
		ex := &p.Obs.Exchange
		if !ex.OK() || ex.Status == 304 || p.Obs.Playlist == nil || p.Obs.Playlist.Kind == probe.UnknownKind {
			p.Silent = true // such an answer states no type, or is another fault
		}
		base, _, _ := strings.Cut(ex.ContentType, ";")
		switch strings.ToLower(strings.TrimSpace(base)) {
		case "application/vnd.apple.mpegurl", "audio/mpegurl":
		case "application/x-mpegurl", "audio/x-mpegurl":
			p.Reportf(probe.Info, "Content-Type %q is not the registered one", base)
		default:
			blame := probe.Blame("")
			if p.History.Target.Side == probe.Edge {
				blame = probe.BlameConfig // unless the origin sends it so, which then explains it
			}
			p.Accuse(blame, severityOfType(ex.Address), "Content-Type is %q", ex.ContentType)
		}
	},
})

func severityOfType(a probe.Address) probe.Severity {
	switch strings.ToLower(path.Ext(a.Path())) {
	case ".m3u8", ".m3u":
		return probe.Warning
	default:
		return probe.Error
	}
}
