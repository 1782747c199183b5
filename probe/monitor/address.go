package monitor

import (
	"net/url"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// urlAt is where a manifest, or a playlist that it lists, is at a place.
func (m *Monitor) urlAt(p *place, u string) string {
	bases := make([]string, len(m.places))
	for i, p := range m.places {
		bases[i] = p.base
	}
	return probe.Rebase(u, p.base, bases...)
}

// resolve returns a reference of a playlist that came from base as an absolute
// URL, "" when it is none.
func resolve(base probe.Address, ref string) string { return base.Resolve(ref).Reveal() }

// elsewhere reports whether a playlist is on a host that gives the manifest at
// no place, as the copies on a CDN are that the event does not name.
func (s *stream) elsewhere(playlist string) bool {
	u, err := url.Parse(playlist)
	if err != nil {
		return false
	}
	for _, v := range s.viewers {
		own, err := url.Parse(v.manifest.Reveal())
		if err != nil || fetch.SameSite(own, u) || strings.EqualFold(own.Host, u.Host) {
			return false
		}
	}
	return true
}
