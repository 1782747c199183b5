package checks

import (
	"github.com/streamwatch/streamwatch/probe"
	"strings"
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
			if b := variantAt(cur, a.URI); b.Bandwidth != a.Bandwidth || b.Codecs != a.Codecs || b.Height != a.Height {
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
		if u := a.Variants[i].URI; variantAt(b, u) == nil {
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

func variantAt(pl *probe.Playlist, uri string) *probe.Variant {
	for i := range pl.Variants {
		if samePath(pl.Variants[i].URI, uri) {
			return &pl.Variants[i]
		}
	}
	return nil
}
