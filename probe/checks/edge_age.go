package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var edgeAge = register(Check{
	ID:      "edge.age",
	Summary: "Age of the edge's copy is above what headers allow",
	Doc: "The Age of the edge's copy of a live playlist is more than a second above what the origin's headers allow " +
		"(TTL plus stale-while-revalidate), while the origin has newer segments. This explains why an edge is late. " +
		"Whether viewers notice is edge.lag, which compares content.",
	Spec:      "RFC 8216bis Appendix B.1; RFC 9111 §4.2",
	Severity:  probe.Info,
	Blame:     probe.BlameCDN,
	Staleness: true,
	Timed:     true,
	Run: func(p *Pass) {
		h, age := p.History, p.Obs.Exchange.Age
		origin, ok := p.origin()
		if !ok || p.Obs.Playlist == nil || !p.Obs.Playlist.Live() {
			return
		}
		if _, stated := h.TTL(); stated && age.Stated && origin.High > h.High && age.Value > h.Allowance()+time.Second {
			p.Reportf(probe.Info, "Age is %s; headers allow %s", Seconds(age.Value), Seconds(h.Allowance()))
		}
	},
})
