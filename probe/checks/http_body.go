package checks

import "github.com/streamwatch/streamwatch/probe"

var httpRedirect = register(Check{
	ID:       "http.redirect",
	Summary:  "playlist is redirected to nowhere",
	Doc:      "More than 5 redirects, a loop of them, or one to what is not an http or https URL.",
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
	Doc:      "The answer states a Content-Encoding that its body is not.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	Explains: []string{"upd.stale", "ll.*", "alt.*", "edge.*"},
	Run:      failedWith(probe.FailEncoding, probe.Critical),
})

var httpSize = register(Check{
	ID:       "http.size",
	Summary:  "playlist is too large to be one",
	Doc:      "The body goes on beyond 2 MiB, compressed or not; what comes after is not read.",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	Spec:     "streamwatch limit",
	Explains: []string{"upd.stale", "ll.*", "alt.*", "edge.*"},
	Run:      failedWith(probe.FailTooLarge, probe.Critical),
})

func failedWith(f probe.Failure, s probe.Severity) func(*Pass) {
	return func(p *Pass) {
		if ex := &p.Obs.Exchange; ex.Failure == f {
			p.Reportf(s, "%s", ex.Error)
		}
	}
}
