package fetch

import (
	"crypto/tls"
	"net"
	"net/http"
)

// Trusting returns the client's own transport with other TLS settings.
func Trusting(c *tls.Config) *http.Transport {
	t := tuned(&net.Dialer{}, nil, ConnsPerHost)
	t.TLSClientConfig = c
	return t
}

// Dialing returns the client's own transport with another dialer.
func Dialing(d *net.Dialer) *http.Transport { return tuned(d, nil, ConnsPerHost) }

// Guard is what every dial asks unless the event names the host.
func Guard(network, address string) error { return guard(network, address, nil) }
