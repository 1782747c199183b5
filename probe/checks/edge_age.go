package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var edgeAge = register(Check{
	ID:      "edge.age",
	Summary: "Age of the edge's copy is above what headers allow",
	Doc: "The Age header of a live playlist at the edge is above TTL and stale-while-revalidate of the origin's headers by more than a second, while the origin has newer segments. It explains why " +
		"an edge is late; whether viewers notice is edge.lag, which compares content.",
	Spec:      "RFC 8216bis Appendix B.1; RFC 9111 §4.2",
	Severity:  probe.Info,
	Blame:     probe.BlameCDN,
	Staleness: true,
	Timed:     true,
	Run: func(p *Pass) {
		h := p.History
		if h.Target.Side != probe.Edge || h.Pair == nil || p.Obs.Playlist == nil || !p.Obs.Playlist.Live() {
			return
		}
		age := p.Obs.Exchange.Age
		if _, stated := h.TTL(); stated && age.Stated && h.Pair.High > h.High && age.Value > h.Allowance()+time.Second {
			p.Reportf(probe.Info, "Age is %s; headers allow %s", seconds(age.Value), seconds(h.Allowance()))
		}
	},
})
