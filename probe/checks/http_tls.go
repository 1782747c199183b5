package checks

import (
	"net/netip"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

const day = 24 * time.Hour

var httpTLS = register(Check{
	ID:      "http.tls",
	Summary: "certificate is about to expire",
	Doc: "The server's certificate expires in less than 14 days: warning; in less than 3 days: error. Certificates " +
		"that are made for a short life are renewed late, so for them at most the last quarter of that life counts, and " +
		"the last sixteenth for an error. Plain http at an edge on the public network is info. With an expired " +
		"certificate, or a server that offers nothing above TLS 1.1, there is no answer at all: http.unreachable.",
	Spec:     "HLS Authoring Specification 12.1",
	Severity: probe.Error,
	Blame:    probe.BlameConfig,
	Hold:     10, // nodes behind one name are renewed one after the other
	Run: func(p *Pass) {
		ex := &p.Obs.Exchange
		if ex.Status == 0 {
			p.Silent = true // no answer, no certificate: the one before stands
			return
		}
		if ex.CertExpires.IsZero() {
			if p.History.Target.Side == probe.Edge && publicHTTP(ex.Address) {
				p.Reportf(probe.Info, "the edge is asked by plain http")
			}
			return
		}
		left := ex.CertExpires.Sub(p.Now)
		s := probe.Warning
		switch {
		case left < min(3*day, ex.CertLifetime/16):
			s = probe.Error
		case left >= min(14*day, ex.CertLifetime/4):
			return
		}
		p.Reportf(s, "it expires in %.1f days, on %s", left.Hours()/24, ex.CertExpires.UTC().Format("2006-01-02 15:04 UTC"))
	},
})

// publicHTTP reports whether a URL is of plain http on a host that others than
// this machine and its private network can reach.
func publicHTTP(a probe.Address) bool {
	if a.Scheme() != "http" {
		return false
	}
	rest := a.Host()
	if addr, err := netip.ParseAddrPort(rest); err == nil {
		return !private(addr.Addr())
	}
	if addr, err := netip.ParseAddr(strings.Trim(rest, "[]")); err == nil {
		return !private(addr)
	}
	host, _, _ := strings.Cut(rest, ":")
	return strings.Contains(host, ".") && !strings.HasSuffix(host, ".local") && !strings.HasSuffix(host, ".internal")
}

func private(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }
