package fetch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// transport is a client's own way to servers. Plain HTTP it speaks itself, over
// connections that the goroutine of the request writes to and reads from:
// net/http has two goroutines for each connection, and waking them in turn costs
// more than all else of a poll. What stands in a request and in an answer, and
// where that ends, is net/http's to say here too, but for the plainest heads. TLS, HTTP/2 and proxies are
// left to net/http whole.
type transport struct {
	std     *http.Transport
	held    *http.Transport // for requests that the server may hold
	conns   pool
	crowded func(time.Time) // as in Options
	texts   *sync.Pool      // of *bytes.Buffer: requests as they are sent
	maps    *sync.Pool      // of http.Header: those of answers that are read
}

// crowdedAfter is how long a request may wait for a connection before that is told.
const crowdedAfter = 250 * time.Millisecond

// conn is a connection that belongs to one request at a time.
type conn struct {
	net.Conn
	key    string
	held   bool // the request that has it may be held by the server
	reader *bufio.Reader
	head   head
	left   int64 // bytes that may still be read of the head that is being read
	since  time.Time
	look   func() bool // reports whether nothing came since; nil cannot tell
}

var errHead = errors.New("response headers exceeded the limit")

// Read reads from the connection, as far as the head of an answer may go.
func (c *conn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, errHead
	}
	n, err := c.Conn.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	return n, err
}

// longAgo is a deadline that is over.
var longAgo = time.Unix(1, 0)

// interrupt ends whatever waits for the connection, for good.
func (c *conn) interrupt() { _ = c.SetDeadline(longAgo) }

// RoundTrip makes one request. It does not follow redirects.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	cl, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		cl = new(call)
		ctx = cl.within(ctx)
	}
	key, plain := t.plain(r)
	if !plain {
		return t.standard(ctx, cl, r)
	}
	for {
		c, waited, err := t.conns.take(ctx, key, cl.held)
		if t.crowded != nil && waited.crowd && waited.lasted > crowdedAfter {
			t.crowded(time.Now().Add(-waited.lasted))
		}
		if err != nil {
			return nil, err
		}
		cl.queued(waited.lasted)
		used := c != nil
		if !used {
			if c, err = t.dial(ctx, key, cl.held); err != nil {
				return nil, err
			}
		}
		cl.gotConn(httptrace.GotConnInfo{Reused: used})
		at, _ := ctx.Deadline()
		_ = c.SetDeadline(at) // it fails only where the connection is closed, which shows at once
		if used && c.look != nil && !c.look() {
			t.conns.drop(c)
			continue
		}
		resp, err := t.exchange(ctx, cl, c, r)
		if !used || !errors.Is(err, errStale) || ctx.Err() != nil {
			return resp, err
		}
		cl.restart() // the server had closed it: RFC 9112 §9.3.1
	}
}

// dial makes a connection, after take returned none.
func (t *transport) dial(ctx context.Context, address string, held bool) (*conn, error) {
	ctx, cancel := timed(ctx)
	defer cancel()
	return t.conns.dial(ctx, address, held)
}

// standard has net/http make the request. The deadline gets a timer.
func (t *transport) standard(ctx context.Context, cl *call, r *http.Request) (*http.Response, error) {
	ctx, cancel := timed(ctx)
	std := t.std
	if cl.held {
		std = t.held
	}
	resp, err := std.RoundTrip(r.WithContext(httptrace.WithClientTrace(ctx, cl.hooks(r.URL.Scheme == "https"))))
	if err == nil && r.URL.Scheme == "http" && resp.StatusCode == http.StatusProxyAuthRequired {
		_ = resp.Body.Close()
		resp, err = nil, proxyRefusal(resp.StatusCode)
	}
	if op, is := errors.AsType[*net.OpError](err); is && op.Op == "proxyconnect" {
		cl.restart() // that the proxy took the connection proves nothing of the server
	}
	if err != nil || resp.Body == http.NoBody {
		cancel()
		return resp, err
	}
	resp.Body = &timedBody{resp.Body, cancel}
	return resp, nil
}

// tunnelled fails where a proxy does not connect us to a server of HTTPS.
func tunnelled(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return proxyRefusal(answer.StatusCode)
}

// proxyRefusal is the error of a request that our own proxy did not pass on: neither
// edge nor origin saw it. 407 is an answer of proxies alone (RFC 9110 §15.5.8).
func proxyRefusal(status int) error {
	what := "the proxy answers " + strconv.Itoa(status)
	if status == http.StatusProxyAuthRequired {
		what += ": it wants a user and a password"
	}
	return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New(what)}
}

// timedBody is a body whose deadline has a timer.
type timedBody struct {
	io.ReadCloser

	cancel context.CancelFunc
}

// Close closes the body, and ends the timer.
func (b *timedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// CloseIdleConnections closes the connections that no request has.
func (t *transport) CloseIdleConnections() {
	t.std.CloseIdleConnections()
	t.held.CloseIdleConnections()
	t.conns.close()
}

// plain reports whether the transport speaks to the server of a request itself,
// and the address that it dials for that.
func (t *transport) plain(r *http.Request) (address string, ok bool) {
	u := r.URL
	if u.Scheme != "http" || r.Body != nil {
		return "", false
	}
	if t.std.Proxy != nil {
		if via, err := t.std.Proxy(r); via != nil || err != nil {
			return "", false
		}
	}
	host := u.Hostname()
	for i := range len(host) {
		if host[i] >= 0x80 { // a name that is not written as it is dialled
			return "", false
		}
	}
	return net.JoinHostPort(host, port(u)), true
}

// errStale says that a connection ended before it gave a byte of the answer.
var errStale = errors.New("the connection had ended")

// staleError is that, with how it was found.
type staleError struct{ error }

// Is makes it an errStale too.
func (e staleError) Is(target error) bool { return target == errStale }

// Unwrap returns how it was found.
func (e staleError) Unwrap() error { return e.error }

// exchange sends a request and reads the head of its answer. The body gives the
// connection back when it was read to its end, and closes it otherwise.
func (t *transport) exchange(ctx context.Context, cl *call, c *conn, r *http.Request) (*http.Response, error) {
	stop := context.AfterFunc(ctx, c.interrupt)
	resp, length, err := t.ask(cl, c, r)
	if err != nil {
		stop()
		t.conns.drop(c)
		return nil, err
	}
	b := &plainBody{t: t, c: c, resp: resp, stop: stop}
	if b.from = resp.Body; length >= 0 {
		b.measured = measuredBody{c.reader, length}
		b.from = &b.measured
	}
	if length == 0 || length < 0 && resp.Body == http.NoBody {
		b.end(true)
	} else {
		resp.Body = b
	}
	return resp, nil
}

// ask sends a request and reads the head of its answer, as head.readResponse does.
func (t *transport) ask(cl *call, c *conn, r *http.Request) (*http.Response, int64, error) {
	text, _ := t.texts.Get().(*bytes.Buffer)
	if text == nil {
		text = new(bytes.Buffer)
	}
	defer t.texts.Put(text)
	text.Reset()
	if !writePlain(text, r, cl.wire) {
		if err := r.Write(text); err != nil {
			return nil, 0, err
		}
	}
	c.left, c.head.maps = HeaderBytes, t.maps
	_, err := c.Write(text.Bytes())
	if err == nil {
		_, err = c.reader.Peek(1)
	}
	if err != nil {
		return nil, 0, staleError{err}
	}
	cl.gotFirstByte()
	for {
		resp, length, err := c.head.readResponse(c.reader, r)
		switch {
		case err != nil && c.left <= 0:
			return nil, 0, errHead
		case err != nil:
			return nil, 0, err
		case resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols:
			c.left = math.MaxInt64
			return resp, length, nil
		} // else it is an interim answer, RFC 9110 §15.2
	}
}

// plainBody is the body of an answer.
type plainBody struct {
	t    *transport
	c    *conn
	resp *http.Response
	stop func() bool // of the context's watch over the connection; false when that has struck
	from io.Reader
	err  error // what ended it; nil while it lasts

	measured measuredBody
}

// Read reads on.
func (b *plainBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.from.Read(p)
	if err != nil {
		b.err = err
		b.end(err == io.EOF)
	}
	return n, err
}

// Close closes the connection where the body was not read to its end.
func (b *plainBody) Close() error {
	if b.err == nil {
		b.err = http.ErrBodyReadAfterClose
		b.end(false)
	}
	return nil
}

// end lets go of the connection. What a server sent behind the end of its answer
// makes it one that cannot be used again.
func (b *plainBody) end(whole bool) {
	alive := b.stop()
	if whole && alive && !b.resp.Close && b.resp.StatusCode >= 200 && b.c.reader.Buffered() == 0 {
		b.t.conns.give(b.c)
		return
	}
	b.t.conns.drop(b.c)
}
