package checks

import "github.com/streamwatch/streamwatch/probe"

var llPartAvail = register(Check{
	ID:       "ll.part.avail",
	Summary:  "listed part cannot be fetched",
	Doc:      "The newest listed partial segment is not answered with 200 or 206. Two of three requests open an incident.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnLowLatency,
	After:    2, Of: 3,
	Hold:     4,
	Explains: []string{"ll.hint.avail"},
	Run: func(p *Pass) {
		if l, _, ok := p.delivers(probe.AskPart); ok {
			p.lostPart(l, probe.Critical)
		}
	},
})

var llHintAvail = register(Check{
	ID:      "ll.hint.avail",
	Summary: "hinted part is refused",
	Doc: "A request for the part that EXT-X-PRELOAD-HINT names fails at once (within half a part target), where the " +
		"server should wait and answer with the part when it is complete. The hint is then useless to players, and " +
		"caches may keep the error. A hint may be withdrawn, so one failure is no proof: two of three requests open an " +
		"incident.",
	Spec:     "RFC 8216bis §6.2.6",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	When:     OnLowLatency,
	After:    2, Of: 3,
	Hold: 4,
	Run: func(p *Pass) {
		if l, _, ok := p.delivers(probe.AskHint); ok && p.Obs.Exchange.Duration() <= p.partTarget()/2+network {
			p.lostPart(l, probe.Error)
		}
	},
})

// lostPart reports a part that is answered with an error status. A failure
// below HTTP is that of the path to the server, and where the playlist fails
// too it is no news: polls judge both.
func (p *Pass) lostPart(l *probe.LowLatencyProbe, s probe.Severity) {
	if p.playlistFails() {
		p.Silent = true
		return
	}
	if ex := &p.Obs.Exchange; ex.Failure == "" && !ex.OK() {
		p.Reportf(s, "part %d of segment %d (%s): status %d", l.Part, l.MSN, shortURI(l.URI), ex.Status)
	}
}

// playlistFails reports whether the newest poll failed, on this side or at the
// origin behind it.
func (p *Pass) playlistFails() bool {
	origin, ok := p.origin()
	return p.History.Failing() || ok && origin.Failing()
}
