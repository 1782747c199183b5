package checks

import (
	"fmt"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var keyFetch = register(Check{
	ID:      "key.fetch",
	Summary: "decryption key cannot be used",
	Doc: "A key file that EXT-X-KEY names is not answered with 200, or does not have the length that its method needs " +
		"(16 bytes; 32 for AES-256-GCM), twice in three tries. Nothing that it encrypts can be decrypted. Keys are " +
		"fetched when they are first listed, every 30 s, and at each update while they fail. License servers (other key " +
		"formats, skd:, data:) are never asked. A key server that answers 401, 403, 429 or a login page from the first " +
		"look on expects credentials that only players have: info. The bytes of keys are counted and wiped.",
	Spec:     "RFC 8216bis §4.4.4.4, §6.2.3",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnKey,
	After:    2, Of: 3,
	Hold: 4, // while it fails it is asked for at each update
	Run: func(p *Pass) {
		if what := p.badKey(); what != "" {
			sev := probe.Critical
			if p.keyRefused() {
				sev = probe.Info
			}
			p.Reportf(sev, "%s: %s", shortURI(p.Obs.Segment.URI), what)
		}
	},
})

// badKey says what is wrong with the answer, "" when nothing is.
func (p *Pass) badKey() string {
	ex, s := &p.Obs.Exchange, p.Obs.Segment
	switch {
	case ex.Failure == probe.FailLimit:
		return fmt.Sprintf("too long, want %d bytes", s.KeyBytes)
	case ex.Failure != "":
		return string(ex.Failure)
	case !ex.OK():
		return fmt.Sprintf("status %d", ex.Status)
	case s.KeyBytes > 0 && ex.Bytes != s.KeyBytes:
		return fmt.Sprintf("%d bytes, want %d", ex.Bytes, s.KeyBytes)
	default:
		return ""
	}
}

// keyRefused reports whether the key may be one that only players are given.
func (p *Pass) keyRefused() bool {
	ex := &p.Obs.Exchange
	if p.Obs.Segment.Known {
		return false
	}
	loginPage := ex.Redirects > 0 && strings.HasPrefix(ex.ContentType, "text/html")
	return ex.Status == 401 || ex.Status == 403 || ex.Status == 429 || loginPage
}
