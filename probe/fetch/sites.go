package fetch

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
)

// sites are what the event names: hosts whose answers may be quoted, and which
// are asked wherever they are.
type sites struct {
	list atomic.Pointer[[]*url.URL] // what it points to does not change
}

func newSites(named []string) *sites {
	s := &sites{}
	s.add(named)
	return s
}

// add names more of them.
func (s *sites) add(named []string) {
	for {
		before := s.list.Load()
		list := slices.Clone(s.all())
		for _, raw := range named {
			if u, err := url.Parse(raw); err == nil && u.Host != "" {
				list = append(list, u)
			}
		}
		if s.list.CompareAndSwap(before, &list) {
			return
		}
	}
}

// all are the sites; none of nil.
func (s *sites) all() []*url.URL {
	if s == nil || s.list.Load() == nil {
		return nil
	}
	return *s.list.Load()
}

// Name makes the sites of URLs known as such that the event names.
func (c *Client) Name(urls ...string) { c.named.add(urls) }

// name reports whether the event names the site of u. Where it names none, the
// site that was asked is the one.
func (s *sites) name(asked, u *url.URL) bool {
	list := s.all()
	if len(list) == 0 {
		return SameSite(asked, u)
	}
	for _, site := range list {
		if SameSite(site, u) {
			return true
		}
	}
	return false
}

// host reports whether the event names a host, whatever the port.
func (s *sites) host(name string) bool {
	for _, site := range s.all() {
		if strings.EqualFold(site.Hostname(), name) {
			return true
		}
	}
	return false
}

var errInternal = errors.New("a link-local or metadata address, which is asked only where the event names it")

// internal are addresses of a machine's own surroundings, where clouds give out
// credentials. A playlist or a redirect must not make us ask them.
var internal = []netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"),     // RFC 3927: the metadata services of AWS, Google Cloud, Azure and others
	netip.MustParsePrefix("fe80::/10"),          // RFC 4291 §2.5.6
	netip.MustParsePrefix("fd00:ec2::/32"),      // AWS: instance metadata (::254), DNS (::253), time (::123)
	netip.MustParsePrefix("fd20:ce::254/128"),   // Google Cloud
	netip.MustParsePrefix("100.100.100.200/32"), // Alibaba Cloud
	netip.MustParsePrefix("168.63.129.16/32"),   // Azure
	netip.MustParsePrefix("192.0.0.192/32"),     // Oracle Cloud
}

func isInternal(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	for _, p := range internal {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// forbidden reports whether a URL names an internal address that the event does
// not. What a name resolves to is looked at when it is dialled.
func (s *sites) forbidden(u *url.URL) bool {
	name := u.Hostname()
	metadata := strings.EqualFold(strings.TrimSuffix(name, "."), "metadata.google.internal")
	return !s.host(name) && (metadata || isInternal(name))
}

// guard refuses to connect to an internal address, however it was reached. It
// is a net.Dialer's Control.
func guard(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if isInternal(cmp.Or(host, address)) && err == nil {
		return errInternal
	}
	return nil
}
