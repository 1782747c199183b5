package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var edgeAge = register(Check{
	ID:      "edge.age",
	Summary: "edge serves a copy that its cache should have dropped",
	Doc: "The edge's playlist was replaced at the origin longer ago than TTL and stale-while-revalidate allow, by more than a second; or its Age header is above them: " +
		"error; by more than 1.5 target durations: critical. Where no header states a TTL, one target duration is assumed.",
	Spec:     "RFC 8216bis Appendix B.1; RFC 9111 §4.2",
	Severity: probe.Critical,
	Blame:    probe.BlameCDN,
	After:    2, Of: 3,
	Explains: []string{"upd.stale", "ll.*", "alt.*"},
	Run: func(p *Pass) {
		h := p.History
		if h.Target.Side != probe.Edge || h.Pair == nil || p.Obs.Playlist == nil || !p.Obs.Playlist.Live() {
			return
		}
		allowed, what := h.Allowance(), "replaced at the origin"
		stale := p.contentAge()
		if age := p.Obs.Exchange.Age; age.Stated && age.Value > stale {
			if _, stated := h.TTL(); stated && h.Pair.High > h.High {
				stale, what = age.Value, "stored, by its Age header,"
			}
		}
		over := stale - allowed
		if over <= time.Second {
			return
		}
		s := probe.Error
		if over > h.TD()*3/2 {
			s = probe.Critical
		}
		p.Reportf(s, "the copy was %s %s ago; its cache allows %s", what, seconds(stale), seconds(allowed))
	},
})

// contentAge is how long ago, at least, the origin replaced the text that the
// edge serves; zero when it is the newest, or was never seen at the origin.
func (p *Pass) contentAge() time.Duration {
	origin := p.History.Pair
	if n := len(origin.Versions); n > 0 && origin.Versions[n-1].Hash == p.Obs.Hash {
		return 0
	}
	for i := len(origin.Versions) - 2; i >= 0; i-- {
		if origin.Versions[i].Hash == p.Obs.Hash {
			// The next version's first sight is when this one was surely gone.
			return max(0, p.Obs.Exchange.Started.Sub(origin.Versions[i+1].First))
		}
	}
	return 0
}
