package beacon

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// Limits of a window. A player sends a beacon every 30 s, so they suffice for
// 30,000 viewers, and for 600 behind one address.
const (
	window     = 10 * time.Second
	perWindow  = 10_000
	perAddress = 200
	slots      = 1 << 15
)

// limiter bounds how many beacons are taken, in all and of one address. It
// knows no address: each window has a table of counts, where an address counts
// by a hash with a seed of that window. Two that meet in a slot share its limit.
type limiter struct {
	mu    sync.Mutex
	began time.Time
	seed  maphash.Seed
	total int
	slots [slots]uint16
}

// allow counts a beacon of an address and reports whether it may be read.
func (l *limiter) allow(from netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if since := now.Sub(l.began); since < 0 || since >= window {
		l.began, l.seed, l.total = now, maphash.MakeSeed(), 0
		clear(l.slots[:])
	}
	count := &l.slots[maphash.Comparable(l.seed, network(from))%slots]
	if *count >= perAddress || l.total >= perWindow {
		return false
	}
	*count++
	l.total++
	return true
}

// network is what one customer has: an address of IPv4, 64 bits of IPv6.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // fails for no address at all, which is one slot too
	return p
}
