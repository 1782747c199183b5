package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var httpTTFB = register(Check{
	ID:      "http.ttfb",
	Summary: "playlist is slow to come",
	Doc: "The first byte of a live media playlist takes more than a quarter of the target duration, and more than a " +
		"second: warning. More than half of it, and more than 1.5 s: error. Three of five rounds open an incident. " +
		"Blocking requests are not judged, nor is what a monitor timed while its own machine was overloaded.",
	Spec:     "RFC 8216bis §6.3.4",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	After:    3, Of: 5,
	Timed: true,
	Slow:  true,
	Run: func(p *Pass) {
		ex, td := &p.Obs.Exchange, p.History.TD()
		if p.Obs.Strained || !ex.OK() || td == 0 || p.Obs.Playlist == nil || !p.Obs.Playlist.Live() || blocking(ex.Address) {
			p.Silent = true
			return
		}
		s := probe.Warning
		switch {
		case ex.FirstByte > max(td/2, 1500*time.Millisecond):
			s = probe.Error
		case ex.FirstByte <= max(td/4, time.Second):
			return
		}
		p.Reportf(s, "the first byte came after %s, target duration %s", Seconds(ex.FirstByte), Seconds(td))
	},
})
