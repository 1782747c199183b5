package fetch

import (
	"crypto/tls"
	"net"
	"net/http"
)

// Trusting returns the client's own transport with other TLS settings.
func Trusting(c *tls.Config) *http.Transport {
	t := tuned(&net.Dialer{}, ConnsPerHost)
	t.TLSClientConfig = c
	return t
}

// Dialing returns the client's own transport with another dialer.
func Dialing(d *net.Dialer) *http.Transport { return tuned(d, ConnsPerHost) }
