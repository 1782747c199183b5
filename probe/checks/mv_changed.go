package checks

import (
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var mvChanged = register(Check{
	ID:       "mv.changed",
	Summary:  "multivariant playlist changed",
	Doc:      "A variant or rendition that was listed is gone: critical. A new one, or another bandwidth, codec or URI (its query aside): warning.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Kind:     probe.Multivariant,
	Hold:     10,
	Run: func(p *Pass) {
		prev, cur := p.History.Previous, p.Obs.Playlist
		gone := missing(prev, cur)
		if len(gone) > 0 {
			p.Reportf(probe.Critical, "gone: %s", strings.Join(gone, ", "))
			return
		}
		if added := missing(cur, prev); len(added) > 0 {
			p.Reportf(probe.Warning, "new: %s", strings.Join(added, ", "))
			return
		}
		for i := range prev.Variants {
			a := &prev.Variants[i]
			if !slices.ContainsFunc(cur.Variants, func(b probe.Variant) bool { return sameVariant(a, &b) }) {
				p.Reportf(probe.Warning, "%s: bandwidth, codecs or resolution changed", shortURI(a.URI))
				return
			}
		}
	},
})

// missing lists the playlists that a names and b does not.
func missing(a, b *probe.Playlist) []string {
	var gone []string
	for i := range a.Variants {
		if u := a.Variants[i].URI; !listsVariant(b, u) {
			gone = append(gone, shortURI(u))
		}
	}
	for i := range a.Renditions {
		u := a.Renditions[i].URI
		found := u == ""
		for j := range b.Renditions {
			found = found || samePath(u, b.Renditions[j].URI)
		}
		if !found {
			gone = append(gone, shortURI(u))
		}
	}
	return gone
}

// listsVariant reports whether a playlist has a variant at a URI. One URI can
// stand several times, with one audio group each.
func listsVariant(pl *probe.Playlist, uri string) bool {
	return slices.ContainsFunc(pl.Variants, func(v probe.Variant) bool { return samePath(v.URI, uri) })
}

func sameVariant(a, b *probe.Variant) bool {
	return samePath(a.URI, b.URI) && a.Audio == b.Audio && a.Bandwidth == b.Bandwidth && a.Codecs == b.Codecs && a.Height == b.Height
}
