package beacon

import (
	"net/http"
	"net/netip"
	"strings"
)

// client is the address that a beacon counts for. Pages on https need a proxy
// before the monitor. One on this machine or in a private network is believed
// about whom it serves, by the last entry that it wrote; nobody else is.
func client(req *http.Request) netip.Addr {
	peer, _ := netip.ParseAddrPort(req.RemoteAddr)
	from := peer.Addr().Unmap()
	if !from.IsLoopback() && !from.IsPrivate() && !from.IsLinkLocalUnicast() {
		return from
	}
	list := req.Header.Values("X-Forwarded-For")
	if len(list) == 0 {
		return from
	}
	last := list[len(list)-1]
	last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	if a, err := netip.ParseAddr(last); err == nil {
		return a
	}
	if p, err := netip.ParseAddrPort(last); err == nil {
		return p.Addr()
	}
	return from
}
