// Package fetch makes one HTTP request with named limits and a deadline, and
// tells what it saw as a [probe.Exchange]: status, phases, CDN headers, or how
// the transport failed.
//
// The rule that keeps it simple: [Client.Do] never returns an error. A sick
// origin is data, so everything that can go wrong on the wire has a
// [probe.Failure]. What it shows carries no secret: URLs, header values and
// error texts are redacted here. The one whole URL that leaves the package is
// [probe.Exchange.Address], against which references resolve and which no text shows.
package fetch

import "time"

// Limits on what is read from the network. Whoever needs another one passes it
// in Request.Limit.
const (
	PlaylistBytes = 16 << 20  // one playlist, compressed or not; an event can set another (monitor.limits.playlist)
	SegmentBytes  = 64 << 20  // one whole segment
	InitBytes     = 256 << 10 // an initialization section, whole: it holds no media, and seldom has 2 KiB
	HeadBytes     = 16 << 10  // first bytes of a segment: PAT, PMT and first PTS, or all boxes before mdat
	ErrorBytes    = 4 << 10   // body of a 4xx or 5xx that is kept
	HeaderBytes   = 64 << 10  // head of a response
	Redirects     = 20        // hops that are followed, as by browsers (Fetch, HTTP-redirect fetch)

	// drainBytes is what is read and thrown away so that the connection can be
	// used again; beyond it a new connection is cheaper.
	drainBytes = 1 << 20
)

// Times that bound a request. The deadline of a whole request is its context's.
const (
	DialTimeout = 5 * time.Second  // resolving and connecting
	TLSTimeout  = 5 * time.Second  // TLS handshake
	IdleTimeout = 90 * time.Second // an idle connection outlives the longest poll interval
	NoDeadline  = 30 * time.Second // given to a request whose context has none

	pingAfter   = 15 * time.Second // silence on an HTTP/2 connection before a ping
	pingTimeout = 5 * time.Second  // then the connection is given up
)

// ConnsPerHost is the default bound on connections to one host, beside those of requests
// that may be held.
const ConnsPerHost = 64
