package fetch

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
)

// Trusting returns the client's own transport with other TLS settings.
func Trusting(c *tls.Config) http.RoundTripper {
	t := tuned(&net.Dialer{}, nil, ConnsPerHost)
	t.std.TLSClientConfig = c
	return t
}

// Bounded returns the client's own transport with so many connections to one host, and
// with the TLS settings of another one.
func Bounded(most int, other http.RoundTripper) http.RoundTripper {
	t := tuned(&net.Dialer{}, nil, most)
	c := other.(*http.Transport).TLSClientConfig
	t.std.TLSClientConfig, t.held.TLSClientConfig = c, c.Clone()
	return t
}

// Dialing returns the client's own transport with another dialer.
func Dialing(d *net.Dialer) http.RoundTripper { return tuned(d, nil, ConnsPerHost) }

// Guard is what every dial asks unless the event names the host.
func Guard(network, address string) error { return guard(network, address, nil) }

// Proxied returns the client's own transport with a proxy.
func Proxied(address string) http.RoundTripper {
	t := tuned(&net.Dialer{}, nil, ConnsPerHost)
	via, err := url.Parse(address)
	t.std.Proxy = func(*http.Request) (*url.URL, error) { return via, err }
	return t
}

// Conns is how many connections of plain HTTP the client counts.
func (c *Client) Conns() (n int) {
	p := &c.transport.(*transport).conns
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.servers {
		n += s.conns
	}
	return n
}
