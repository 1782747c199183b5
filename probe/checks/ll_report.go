package checks

import (
	"net/url"
	"path"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var llReport = register(Check{
	ID:      "ll.report",
	Summary: "rendition reports are missing or wrong",
	Doc: "A live playlist with parts lacks EXT-X-RENDITION-REPORT for another low-latency rendition of the same host, or names one with a scheme, which must be relative: " +
		"warning. Players then switch blindly, and AVPlayer leaves low latency (CoreMedia error -15418).",
	Spec:     "RFC 8216bis §4.4.5.4, Appendix B.1",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    2, Of: 3,
	Run: func(p *Pass) {
		pl := p.Obs.Playlist
		if pl.Parts == 0 || !pl.PartTarget.Stated || !pl.Live() {
			return
		}
		for i := range pl.RenditionReports {
			if u := pl.RenditionReports[i].URI; strings.Contains(u, "://") {
				p.Reportf(probe.Warning, "the URI %s is not relative", shortURI(u))
				return
			}
		}
		for _, s := range p.History.Siblings {
			if s == p.History || s.Playlist == nil || !s.Playlist.Live() || s.Playlist.Parts == 0 {
				continue
			}
			if _, found := reportOf(p.History, s, pl.RenditionReports); !found {
				p.Reportf(probe.Warning, "none for %s", s.Target.Rendition)
				return
			}
		}
	},
})

// reportOf finds the report on a sibling among those of h. One on another host
// needs none, as far as we can tell: it counts as found, with nothing stated.
func reportOf(h, sibling *History, reports []probe.RenditionReport) (probe.RenditionReport, bool) {
	base, err := url.Parse(h.Good.Exchange.URL)
	other, err2 := url.Parse(sibling.Good.Exchange.URL)
	if err != nil || err2 != nil || base.Host != other.Host {
		return probe.RenditionReport{}, true
	}
	for _, r := range reports {
		u, _, _ := strings.Cut(r.URI, "?")
		if !strings.HasPrefix(u, "/") {
			u = path.Join(path.Dir(base.EscapedPath()), u)
		}
		if path.Clean(u) == path.Clean(other.EscapedPath()) {
			return r, true
		}
	}
	return probe.RenditionReport{}, false
}
