package fetch

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// tuned returns a transport for polling: connections are kept between polls,
// bounded per host, and nothing is decompressed behind our back, so that
// Content-Encoding stays visible. Buffers keep the standard 4 KiB.
// An internal address is dialled only where the event names its host.
func tuned(d *net.Dialer, named *sites, connsPerHost int) *transport {
	guarded := *d
	guarded.Control = guard
	if d.ControlContext != nil {
		guarded.Control = nil // it would not be asked; ControlContext is a test's
	}
	open := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(addr); err == nil && named.host(host) {
			return dial(ctx, d, network, addr)
		}
		return dial(ctx, &guarded, network, addr)
	}
	t := &transport{texts: new(sync.Pool), maps: new(sync.Pool), conns: pool{most: connsPerHost, open: open}}
	t.std, t.held = standard(open, connsPerHost), standard(open, 0)
	return t
}

// standard returns a transport of net/http with so many connections to one host at most; 0 is no bound.
func standard(open func(context.Context, string, string) (net.Conn, error), connsPerHost int) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: tunnelled,
		DialContext:            open,
		TLSHandshakeTimeout:    TLSTimeout,
		MaxConnsPerHost:        connsPerHost,
		MaxIdleConnsPerHost:    cmp.Or(connsPerHost, ConnsPerHost),
		IdleConnTimeout:        IdleTimeout,
		MaxResponseHeaderBytes: HeaderBytes,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true, // a dialer of one's own turns it off
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
	}
}

// stage is how far a call's connection has come.
type stage uint8

const (
	queued stage = iota
	resolving
	connecting
	handshaking
	connected
)

// String says what a call was doing: "timed out …".
func (s stage) String() string {
	switch s {
	case resolving:
		return "resolving the name"
	case connecting:
		return "connecting"
	case handshaking:
		return "in the TLS handshake"
	default:
		return "waiting for the answer"
	}
}

// phases are what the transport's hooks told of one hop.
type phases struct {
	stage             stage
	dns, connect, tls time.Duration
	tlsFailed         bool
	firstByte         time.Time
	reused            bool
	queued            time.Duration // until there was a connection, or one could be made
}

// accepted reports whether a connection was made for the hop.
func (p *phases) accepted() bool { return p.stage >= handshaking && !p.reused }

// call is one hop under way. The hop's context carries it to the dialer, and it
// receives the transport's hooks. The lock is needed because a dial may outlive
// the hop that began it, when another connection became idle first.
type call struct {
	mu       sync.Mutex
	p        phases
	tlsStart time.Time
	wire     []byte // the request's header as it is sent, but for Host; nil is not known
	held     bool   // the server may hold the answer back
}

type callKey struct{}

// within returns the hop's context.
func (c *call) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// timed returns a context that is done at its deadline.
func timed(ctx context.Context) (context.Context, context.CancelFunc) {
	if at, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, at)
	}
	return context.WithCancel(ctx)
}

// hooks returns what the transport calls for this hop. There are as few as
// possible, each costs an allocation: DNS and connect are traced by dial, which
// runs once per connection instead of once per request.
func (c *call) hooks(secure bool) *httptrace.ClientTrace {
	h := &httptrace.ClientTrace{GotConn: c.gotConn, GotFirstResponseByte: c.gotFirstByte}
	if secure {
		h.TLSHandshakeStart, h.TLSHandshakeDone = c.tlsStarted, c.tlsDone
	}
	return h
}

func (c *call) queued(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.p.queued += d
}

func (c *call) gotConn(i httptrace.GotConnInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.p.stage, c.p.reused = connected, i.Reused
	if i.Reused { // a dial that lost the race is not part of this hop
		c.p.dns, c.p.connect, c.p.tls, c.p.tlsFailed = 0, 0, 0, false
	}
}

func (c *call) gotFirstByte() {
	c.mu.Lock()
	c.p.firstByte = time.Now()
	c.mu.Unlock()
}

func (c *call) tlsStarted() {
	c.mu.Lock()
	c.tlsStart = time.Now()
	c.mu.Unlock()
}

func (c *call) tlsDone(_ tls.ConnectionState, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.p.tlsFailed = err != nil
	if !c.p.reused {
		c.p.tls = time.Since(c.tlsStart)
	}
}

// restart forgets a connection that had ended before it was used.
func (c *call) restart() {
	c.mu.Lock()
	c.p = phases{queued: c.p.queued}
	c.mu.Unlock()
}

// dialled notes how far a dial has come, unless the hop has its connection.
func (c *call) dialled(s stage, dns, connect time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.p.stage != connected {
		c.p.stage, c.p.dns, c.p.connect = s, dns, connect
	}
}

func (c *call) seen() phases {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.p
}

// dial connects and tells the call that waits for it how long each phase took.
func dial(ctx context.Context, d *net.Dialer, network, addr string) (net.Conn, error) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return d.DialContext(ctx, network, addr)
	}
	start := time.Now()
	var dns time.Duration
	c.dialled(connecting, 0, 0)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { c.dialled(resolving, 0, 0) },
		DNSDone: func(i httptrace.DNSDoneInfo) {
			if dns = time.Since(start); i.Err == nil {
				c.dialled(connecting, dns, 0)
			}
		},
	})
	conn, err := d.DialContext(ctx, network, addr)
	if err == nil {
		c.dialled(handshaking, dns, time.Since(start)-dns)
	}
	return conn, err
}
