package monitor

import (
	"net/url"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// entryURL is where the stream's manifest is at a place.
func (m *Monitor) entryURL(p *place, manifest string) string {
	if strings.Contains(manifest, "://") {
		return m.moved(p, manifest)
	}
	return strings.TrimSuffix(p.base, "/") + "/" + strings.TrimPrefix(manifest, "/")
}

// moved returns a URL as it is at a place: one below the base of another place
// moves to this one's. One on a host of its own stays, because players go there
// too.
func (m *Monitor) moved(to *place, u string) string {
	base, longest := "", 0
	for _, p := range m.places {
		if from := strings.TrimSuffix(p.base, "/") + "/"; strings.HasPrefix(u, from) && len(from) > longest {
			base, longest = strings.TrimSuffix(to.base, "/")+"/", len(from)
		}
	}
	return base + u[longest:]
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
