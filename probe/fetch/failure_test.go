package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"
)

// Whoever keeps the server reads what to do about it, not what a library is called.
func TestTLSText(t *testing.T) {
	day := time.Date(2026, 10, 27, 8, 0, 0, 0, time.UTC)
	name := []byte("a")
	cert := &x509.Certificate{NotBefore: day.AddDate(-1, 0, 0), NotAfter: day, RawSubject: name, RawIssuer: name}
	later := &x509.Certificate{NotBefore: time.Now().AddDate(1, 0, 0)}
	chained := &x509.Certificate{RawSubject: name, RawIssuer: []byte("b")}
	hosts := []string{"a.example", "b.example", "c.example"}
	named := &x509.Certificate{DNSNames: hosts, IPAddresses: []net.IP{net.IPv4zero}}
	for want, err := range map[string]error{
		"HTTPS was sent to a port that does not speak it": tls.RecordHeaderError{Msg: "first record"},
		"the certificate expired on 2026-10-27 08:00 UTC": x509.CertificateInvalidError{Cert: cert, Reason: x509.Expired},
		"the certificate is valid from ":                  x509.CertificateInvalidError{Cert: later, Reason: x509.Expired},
		"the certificate is signed by itself":             x509.UnknownAuthorityError{Cert: cert},
		"the certificate is of an authority that":         x509.UnknownAuthorityError{Cert: chained},
		"the certificate is not for cdn.example, but for a.example, b.example, c.example and more": x509.HostnameError{
			Certificate: named, Host: "cdn.example",
		},
		"handshake failure": tls.AlertError(40),
	} {
		if got := tlsText(&tls.CertificateVerificationError{Err: err}); !strings.Contains(got, want) {
			t.Errorf("%T: %q, want %q", err, got, want)
		}
		if got := tlsText(err); !strings.Contains(got, want) || strings.Contains(got, "tls:") {
			t.Errorf("%T: %q, want %q", err, got, want)
		}
	}
}
