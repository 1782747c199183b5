package checks

import (
	"path"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var llReport = register(Check{
	ID:      "ll.report",
	Summary: "rendition reports are missing or wrong",
	Doc: "The answer to a blocking reload has no EXT-X-RENDITION-REPORT for another low-latency rendition on the same " +
		"host. Or its report has an absolute URI, which must be relative. Or it reports less than that rendition was " +
		"seen to list a part target (plus a tenth of a second) earlier. Players then switch blindly, and AVPlayer leaves " +
		"low latency (CoreMedia error -15418). Two of three reloads open an incident.",
	Spec:     "RFC 8216bis §4.4.5.4, Appendix B.1",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnLowLatency,
	After:    2, Of: 3,
	Hold: 6, // until the next session, and a little
	Run: func(p *Pass) {
		l, _, ok := p.delivers(probe.AskNext)
		if !ok || l.Playlist == nil || !l.Playlist.Offers() {
			p.Silent = true
			return
		}
		for i := range l.Playlist.RenditionReports {
			if u := l.Playlist.RenditionReports[i].URI; strings.Contains(u, "://") {
				p.Reportf(probe.Warning, "the URI %s is not relative", shortURI(u))
				return
			}
		}
		for _, s := range p.History.Siblings {
			if s == p.History || s.Playlist == nil || !s.Playlist.Offers() {
				continue
			}
			r, found := reportOf(p.History, s, l.Playlist.RenditionReports)
			if !found {
				p.Reportf(probe.Warning, "no report for %s", s.Target.Rendition)
				return
			}
			if seen, lags := p.reportLags(s, r); lags {
				p.Reportf(probe.Warning, "the report puts %s at part %d of segment %d; it was at part %d of %d before",
					s.Target.Rendition, r.LastPart.Value, r.LastMSN.Value, seen.Part, seen.MSN)
			}
		}
	},
})

// reportOf finds the report on a sibling among those of h. One on another host
// needs none, as far as we can tell: it counts as found, with nothing stated.
func reportOf(h, sibling *evidence.History, reports []probe.RenditionReport) (probe.RenditionReport, bool) {
	base, other := h.Good.Exchange.Address, sibling.Good.Exchange.Address
	if base.IsZero() || other.IsZero() || base.Host() != other.Host() {
		return probe.RenditionReport{}, true
	}
	for _, r := range reports {
		u, _, _ := strings.Cut(r.URI, "?")
		if !strings.HasPrefix(u, "/") {
			u = path.Join(path.Dir(base.Path()), u)
		}
		if path.Clean(u) == path.Clean(other.Path()) {
			return r, true
		}
	}
	return probe.RenditionReport{}, false
}

// reportLags returns the newest part that a sibling was seen to list before a
// reload was answered, and whether the report on it is behind that. An answer
// that did not have to wait may be an old one, out of a cache.
func (p *Pass) reportLags(s *evidence.History, r probe.RenditionReport) (evidence.Position, bool) {
	if s.LowLatency == nil || !r.LastMSN.Stated || !r.LastPart.Stated {
		return evidence.Position{}, false
	}
	if !p.Obs.LowLatency.Waited(p.Obs.Exchange.Duration()) {
		return evidence.Position{}, false
	}
	before := p.Obs.Exchange.Done.Add(-p.partTarget() - network)
	said := evidence.Position{MSN: r.LastMSN.Value, Part: int(min(r.LastPart.Value, 1<<30))}
	for _, seen := range slices.Backward(s.LowLatency.Positions) {
		if seen.At.Before(before) {
			return seen, said.Before(seen) && seen.MSN < said.MSN+1000 // else it is another numbering
		}
	}
	return evidence.Position{}, false
}
