package checks

import (
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var mvChanged = register(Check{
	ID:      "mv.changed",
	Summary: "multivariant playlist changed",
	Doc: "A variant or rendition that was listed is gone: error while it is gone, for at most an hour. A new one, or " +
		"other codecs or another resolution: warning. Variants are told apart by their attributes and their order. " +
		"Another BANDWIDTH is no change, because some packagers compute it as they run, nor is another URI, because some " +
		"put a session into it. An edge that gets what its origin lists by now has not changed.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPoll,
	Hold:     10,
	Run: func(p *Pass) {
		h, cur := p.History, p.Obs.Playlist
		if cur == nil || cur.Kind != probe.Multivariant {
			p.Silent = true
			return
		}
		if gone := evidence.Missing(h.Fullest, cur); len(gone) > 0 {
			p.Reportf(probe.Error, "gone: %s", strings.Join(shorten(gone), ", "))
			return
		}
		prev := h.Previous
		if !p.Fresh || prev == nil || prev.Kind != probe.Multivariant || p.follows(cur) {
			return
		}
		if len(h.Added) > 0 {
			p.Reportf(probe.Warning, "new: %s", strings.Join(shorten(h.Added), ", "))
			return
		}
		if uri := evidence.Altered(prev, cur); uri != "" {
			p.Reportf(probe.Warning, "%s: codecs, resolution, range or audio group changed", shortURI(uri))
		}
	},
})

// follows reports whether an edge lists nothing that its origin does not list: the
// change was the origin's, which is told there.
func (p *Pass) follows(edge *probe.Playlist) bool {
	origin, ok := p.origin()
	if !ok || origin.Playlist == nil || origin.Playlist.Kind != probe.Multivariant {
		return false
	}
	return evidence.Altered(origin.Playlist, edge) == "" && len(evidence.Missing(edge, origin.Playlist)) == 0
}

func shorten(uris []string) []string {
	list := make([]string, len(uris))
	for i, u := range uris {
		list[i] = shortURI(u)
	}
	slices.Sort(list)
	return list
}
