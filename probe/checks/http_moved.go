package checks

import (
	"fmt"

	"github.com/streamwatch/streamwatch/probe"
)

var httpMoved = register(Check{
	ID:      "http.moved",
	Summary: "address that viewers were sent to dies under them",
	Doc: "The playlist's address redirects, or the multivariant playlist lists a different one each time, as servers " +
		"do that open a session for each viewer. The address that we were sent to first, and kept polling as hls.js " +
		"does, now fails, and a fresh one works. New viewers can play. Those who are watching stop, except in players " +
		"that go back to the first address (AVPlayer). Causes: a token in the path expired, or a session ended while in " +
		"use. The incident stays open until an address has lived for twice as long as the one that died, plus half a " +
		"minute.",
	Spec:     "RFC 8216bis §6.3.4",
	Severity: probe.Error,
	Blame:    probe.BlameConfig,
	Run: func(p *Pass) {
		m := p.Obs.Moved
		if m == nil {
			return
		}
		what := "status " + fmt.Sprint(m.Last.Status)
		if m.Last.Failure != "" {
			what = string(m.Last.Failure)
		} else if m.Last.OK() {
			what = "no playlist"
		}
		p.Reportf(probe.Error, "%s after %s; a fresh one is answered: hls.js stops here, AVPlayer goes on",
			what, Seconds(m.Lived))
	},
})
