package checks

import (
	"fmt"

	"github.com/streamwatch/streamwatch/probe"
)

var httpMoved = register(Check{
	ID:      "http.moved",
	Summary: "address that viewers were sent to dies under them",
	Doc: "The playlist's address redirects, or the multivariant playlist lists another one each time, as servers do that open a session for each viewer. The address that we were sent to, and kept " +
		"asking for as hls.js does, fails, and a fresh one is answered: viewers who start now can play, and those who are watching stop, but for players that go back to the first address (AVPlayer). " +
		"It lasts until an address has lived for twice as long, and half a minute. A token in the path that expires, or a session that ends while it is in use.",
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
		p.Reportf(probe.Error, "%s after %s; a fresh one is answered: hls.js stops here, AVPlayer goes on", what, seconds(m.Lived))
	},
})
