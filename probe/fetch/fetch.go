package fetch

import (
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Options are what all requests of a client have in common. The zero value is useful.
type Options struct {
	Transport    http.RoundTripper // nil is a transport of the client's own, tuned for polling
	Headers      map[string]string // secret values: never shown, never sent to another host than HeadersTo
	HeadersTo    string            // URL of the site that Headers are for; "" is that of each request, before redirects
	UserAgent    string            // "" is "streamwatch"
	ConnsPerHost int               // of the client's own transport; 0 is ConnsPerHost
	Crowded      func(time.Time)   // called when a request waited since then only because there are so many; nil is nobody
	Playlist     int64             // bytes that are read of a body where a request states no limit; 0 is PlaylistBytes
	Named        []string          // URLs of the sites that the event names; nil is that of each request
	Sign         Signer            // of requests to the site that Headers are for; nil signs none
	Secrets      *Secrets          // what no text may show; nil is a set of the client's own
}

// Signer adds to a request what a protected site demands: it returns the URL to
// ask for and cookies to send. It does not change u.
type Signer interface {
	Sign(u *url.URL) (*url.URL, []*http.Cookie, error)
}

// Client makes requests. It is safe for use by several goroutines.
type Client struct {
	transport http.RoundTripper
	shapes    shapes
	gzips     *sync.Pool // of *gzip.Reader: 40 KiB each
	site      *url.URL   // that gets Options.Headers; nil is that of each request
	playlist  int64
	named     *sites
	sign      Signer
	secrets   *Secrets
}

// New returns a client.
func New(o Options) *Client {
	c := &Client{
		transport: o.Transport, shapes: newShapes(o), playlist: cmp.Or(o.Playlist, PlaylistBytes), named: newSites(o.Named),
		sign:    o.Sign,
		secrets: cmp.Or(o.Secrets, new(Secrets)),
	}
	if c.transport == nil {
		t := tuned(&net.Dialer{Timeout: DialTimeout}, c.named, cmp.Or(o.ConnsPerHost, ConnsPerHost))
		t.crowded = o.Crowded
		c.transport = t
	}
	for _, value := range o.Headers {
		c.secrets.AddHeader(value)
	}
	if o.HeadersTo != "" {
		site, err := url.Parse(o.HeadersTo)
		if err != nil {
			site = &url.URL{} // nobody's: the secrets stay here
		}
		c.site = site
	}
	c.gzips = &sync.Pool{New: func() any { return new(gzip.Reader) }}
	return c
}

// Close closes the connections that are idle. Requests under way go on.
func (c *Client) Close() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Widen lets the client have so many connections to one host of plain HTTP, where that
// is more than before.
func (c *Client) Widen(most int) {
	if t, own := c.transport.(*transport); own {
		t.conns.widen(most)
	}
}

// Request is one request. Only URL must be set.
type Request struct {
	URL    string // http or https; may hold secrets
	Method string // "" is GET

	// First > 0 asks for the first so many bytes (Range) and reads no more. If the
	// server ignores Range and the whole body is short, it is read completely.
	First  int64
	Whole  bool  // with First: ask without Range, as players do: caches that keep no ranges then give the same copy
	Offset int64 // with First: of the first byte that is asked for

	// Limit is for the body in bytes, compressed and decompressed. Beyond it the
	// fetch fails as probe.FailLimit; 0 is the client's limit for playlists.
	Limit           int64
	LimitName       string         // what people know Limit by
	IfNoneMatch     string         // an ETag
	IfModifiedSince time.Time      // zero is not sent
	Origin          string         // "" is not sent; the CORS header
	Held            bool           // the server may hold the answer back: the connection is not counted against others
	AcceptGzip      bool           // ask for gzip; never together with First
	Timeout         time.Duration  // for all of it; 0 is the context's deadline alone, or NoDeadline where it has none
	Jar             http.CookieJar // of the viewer that asks; nil sends and keeps no cookies
	Into            []byte         // buffer that the body may be written to, from its start; nil allocates
}

// asked is how many bytes Range asks for; 0 is all of them.
func (r *Request) asked() int64 {
	if r.Whole {
		return 0
	}
	return max(r.First, 0)
}

// Do makes the request and reads its body, following redirects. The deadline
// is the request's or ctx's, whichever is first. A failure is in the exchange; the body is then what
// arrived before it, if anything. The body may share memory with r.Into.
func (c *Client) Do(ctx context.Context, r Request) ([]byte, probe.Exchange) {
	ctx, cancel := c.limited(ctx, r.Timeout)
	defer cancel()
	r.Method = cmp.Or(r.Method, http.MethodGet)
	if r.Limit == 0 {
		r.Limit, r.LimitName = c.playlist, playlistLimit
	}
	ex := probe.Exchange{Method: r.Method, URL: Shown(r.URL), Address: probe.AddressOf(r.URL), Started: time.Now()}
	body := c.do(ctx, &r, &ex)
	ex.Bytes = int64(len(body))
	ex.Done = time.Now()
	return body, ex
}

// do is Do for an exchange whose first fields are set.
func (c *Client) do(ctx context.Context, r *Request, ex *probe.Exchange) []byte {
	u, ok := parse(r.URL)
	if !ok {
		if strings.Contains(r.URL, "@") { // nobody can say where user information ends
			ex.URL, ex.Address = redacted, probe.Address{}
		}
		return fail(ex, probe.FailURL, "not an http or https URL")
	}
	asked, site := u, cmp.Or(c.site, u)
	var seen []string
	for {
		ex.Foreign = !c.named.name(asked, u)
		if c.named.forbidden(u) {
			return fail(ex, probe.FailURL, errInternal.Error())
		}
		resp, failure := c.send(ctx, r, ex, u, SameSite(site, u))
		if failure != nil {
			return c.failed(ex, failure)
		}
		locations := slices.Compact(slices.Clone(resp.Header["Location"]))
		if !redirects(resp.StatusCode) {
			c.note(ex, resp)
			ex.Unasked = resp.StatusCode == 304 && r.IfNoneMatch == "" && r.IfModifiedSince.IsZero()
			body := c.read(ctx, r, ex, resp)
			if b, own := resp.Body.(*plainBody); own {
				b.t.maps.Put(resp.Header) // what was noted are its strings
			}
			return body
		}
		_, _ = drain(resp)
		if len(locations) == 0 {
			ex.Status = resp.StatusCode
			return fail(ex, probe.FailURL, fmt.Sprintf("answered %d, and no Location says where to", ex.Status))
		}
		next, err := u.Parse(locations[0])
		if len(locations) > 1 {
			ex.Status = resp.StatusCode
			return fail(ex, probe.FailURL, "redirected to several places at once: Location comes twice, and browsers refuse it")
		}
		if err != nil || !requestable(next) {
			ex.Status = resp.StatusCode
			return fail(ex, probe.FailURL, "redirected to something that is not an http or https URL")
		}
		seen = append(seen, u.String())
		u = next
		ex.Redirects++
		whole := u.String()
		ex.URL, ex.Address = Shown(whole), probe.AddressOf(whole)
		c.secrets.pass(secretsOf(whole)...)
		if ex.Redirects > Redirects || slices.Contains(seen, u.String()) {
			ex.Status = resp.StatusCode
			return fail(ex, probe.FailRedirects, fmt.Sprintf("redirected in a loop or more than %d times", Redirects))
		}
	}
}

// send makes one hop. own says that the hop goes to the host that the request
// named, so that secret headers may be sent.
func (c *Client) send(
	ctx context.Context, r *Request, ex *probe.Exchange, u *url.URL, own bool,
) (*http.Response, *sendError) {
	s, to := c.shapes.of(r, u, own), u
	var cookies []*http.Cookie
	if own && c.sign != nil {
		var err error
		if to, cookies, err = c.sign.Sign(u); err != nil {
			return nil, &sendError{err: err, ours: true}
		}
		c.secrets.addCookies(cookies)
		if to != u {
			c.secrets.pass(secretsOf(to.String())...)
		}
	}
	if r.Jar != nil {
		cookies = append(cookies, r.Jar.Cookies(u)...)
	}
	if len(cookies) > 0 {
		s = s.withCookies(cookies)
	}
	ex.RequestHeaders = s.lines
	cl := &call{wire: s.wire, held: r.Held}
	req := (&http.Request{Method: r.Method, URL: to, Header: s.header, Host: s.host}).WithContext(c.traced(ctx, cl, u))
	resp, err := c.transport.RoundTrip(req)
	p := cl.seen()
	ex.Started = ex.Started.Add(p.queued) // the wait for our own connections is not the server's
	if err != nil {
		if p.reused && ctx.Err() != nil {
			c.Close() // what was kept may be dead: only a new connection proves that the host is there
		}
		return nil, &sendError{err: err, ctx: ctx.Err(), phases: p}
	}
	ex.DNS, ex.Connect, ex.TLS, ex.Reused, ex.Connected = p.dns, p.connect, p.tls, p.reused, p.accepted()
	if p.firstByte.IsZero() { // a transport without hooks
		p.firstByte = time.Now()
	}
	ex.FirstByte = p.firstByte.Sub(ex.Started)
	if r.Jar != nil && len(resp.Header["Set-Cookie"]) > 0 {
		set := resp.Cookies()
		r.Jar.SetCookies(u, set)
		c.secrets.addCookies(set)
	}
	return resp, nil
}

// traced is the context of a hop. The client's own transport finds the call in
// it; another one calls its hooks.
func (c *Client) traced(ctx context.Context, cl *call, u *url.URL) context.Context {
	ctx = cl.within(ctx)
	if _, own := c.transport.(*transport); own {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, cl.hooks(u.Scheme == "https"))
}

// fail notes a failure whose text holds no secret.
func fail(ex *probe.Exchange, f probe.Failure, text string) []byte {
	ex.Failure, ex.Error = f, text
	return nil
}

func parse(raw string) (*url.URL, bool) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, false
	}
	return u, requestable(u)
}

func requestable(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	default:
		return false
	}
}

// SameSite reports whether what was meant for a may be sent to b: the same host
// and port, or the same host name when the scheme rises from http to https and
// both ports are the scheme's own.
func SameSite(a, b *url.URL) bool {
	switch {
	case a == b:
		return true
	case !strings.EqualFold(a.Hostname(), b.Hostname()):
		return false
	case a.Scheme == b.Scheme:
		return port(a) == port(b)
	default:
		return a.Scheme == "http" && b.Scheme == "https" && port(a) == "80" && port(b) == "443"
	}
}

// port returns a URL's port, or the one that its scheme has of its own.
func port(u *url.URL) string {
	if u.Scheme == "https" {
		return cmp.Or(u.Port(), "443")
	}
	return cmp.Or(u.Port(), "80")
}
