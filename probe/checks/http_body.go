package checks

import "github.com/streamwatch/streamwatch/probe"

var httpRedirect = register(Check{
	ID:      "http.redirect",
	Summary: "playlist is redirected to nowhere",
	Doc: "More redirects than browsers follow (20), a redirect loop, or a redirect to something other than an http or " +
		"https URL.",
	Spec:     "HLS Authoring Specification 8.18",
	Severity: probe.Critical,
	Blame:    probe.BlameConfig,
	After:    2, Of: 3,
	Explains:  []string{"upd.stale", "ll.*", "alt.*", "edge.*"},
	Transport: true,
	Run: func(p *Pass) {
		failedWith(probe.FailRedirects, probe.Critical)(p)
		failedWith(probe.FailURL, probe.Critical)(p)
	},
})

var httpGzipCorrupt = register(Check{
	ID:       "http.gzip.corrupt",
	Summary:  "compressed playlist does not decompress",
	Doc:      "The body cannot be decompressed with the Content-Encoding that the answer states.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	Explains: []string{"upd.stale", "ll.*", "alt.*", "edge.*"},
	Run:      failedWith(probe.FailEncoding, probe.Critical),
})

var httpSize = register(Check{
	ID:      "http.size",
	Summary: "playlist is larger than streamwatch reads",
	Doc: "The answer exceeds one of our own limits: 16 MiB for a playlist, compressed or not " +
		"(monitor.limits.playlist), or 64 KiB for the head of a response. It is not read, so nothing can be said about " +
		"the stream. That is nobody's fault: players may well play it.",
	Severity: probe.Error,
	Blame:    probe.BlameUnknown,
	Spec:     "streamwatch limit",
	Explains: []string{"upd.stale", "ll.*", "alt.*", "edge.*"},
	Run: func(p *Pass) {
		failedWith(probe.FailLimit, probe.Error)(p)
		p.ours()
	},
})

// ours says of what was found that it is a limit of our own: nobody's fault.
func (p *Pass) ours() {
	if p.Found != nil {
		p.Found.Blame = probe.BlameUnknown
	}
}

func failedWith(f probe.Failure, s probe.Severity) func(*Pass) {
	return func(p *Pass) {
		if ex := &p.Obs.Exchange; ex.Failure == f {
			p.Reportf(s, "%s", ex.Error)
		}
	}
}
