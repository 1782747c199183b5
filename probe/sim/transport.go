package sim

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Transport returns a RoundTripper that calls a handler in this process, as if
// there were a connection between them: the head arrives when the handler
// flushes or returns, the body as it is written, a cancelled request cancels
// the handler's, a handler that panics with http.ErrAbortHandler closes the
// connection, and a body shorter than its Content-Length ends in
// io.ErrUnexpectedEOF. There is no socket, so it works in a synctest bubble.
// Like http.Transport with compression disabled, it leaves encodings alone.
func Transport(h http.Handler) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) { return call(h, r) })
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Hosts is a RoundTripper to several handlers, by the host of the URL, with or
// without port. A connection to any other host is refused, and so is one to an
// Origin or Edge under a fault that refuses.
type Hosts map[string]http.Handler

// listener is a handler that may not be there to connect to. Over a real socket
// such a one closes the connection without an answer.
type listener interface {
	accepts(path string, now time.Time) bool
}

// RoundTrip calls the handler of the URL's host.
func (hosts Hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, name := range []string{r.URL.Host, r.URL.Hostname()} {
		h, ok := hosts[name]
		if !ok {
			continue
		}
		if l, ok := h.(listener); !ok || l.accepts(r.URL.Path, time.Now()) {
			return call(h, r)
		}
		break
	}
	closeBody(r)
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// call serves one request in a goroutine that ends with the handler.
func call(h http.Handler, r *http.Request) (*http.Response, error) {
	defer closeBody(r)
	ctx, cancel := context.WithCancel(r.Context())
	trace := httptrace.ContextClientTrace(r.Context())
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	pr, pw := io.Pipe()
	w := &connection{request: r, header: http.Header{}, body: pw, head: make(chan *http.Response, 1)}
	w.reader = &reader{PipeReader: pr, cancel: cancel}
	go w.run(h, serverRequest(ctx, r))
	select {
	case resp := <-w.head:
		if resp == nil {
			cancel()
			return nil, io.EOF // what http.Transport says when the server closes
		}
		if trace != nil && trace.GotFirstResponseByte != nil {
			trace.GotFirstResponseByte()
		}
		// From here on the request's context governs the body.
		context.AfterFunc(ctx, func() { pw.CloseWithError(context.Cause(ctx)) })
		return resp, nil
	case <-r.Context().Done():
		cancel()
		err := context.Cause(r.Context())
		pr.CloseWithError(err)
		return nil, err
	}
}

// serverRequest is the request as a server reads it.
func serverRequest(ctx context.Context, r *http.Request) *http.Request {
	s := r.Clone(ctx)
	s.RequestURI = r.URL.RequestURI()
	s.Host = r.Host
	if s.Host == "" {
		s.Host = r.URL.Host
	}
	s.URL.Scheme, s.URL.Host, s.URL.User, s.URL.Fragment = "", "", nil, ""
	s.RemoteAddr = "127.0.0.1:1"
	s.Proto, s.ProtoMajor, s.ProtoMinor = "HTTP/1.1", 1, 1
	s.Body = http.NoBody
	return s
}

// reader is the client's end of the body.
type reader struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close ends the handler's request, as closing the connection does.
func (r *reader) Close() error {
	r.cancel()
	return r.PipeReader.Close()
}

// bufferSize is how much a handler can write before the head leaves, so that a
// short answer gets a Content-Length by itself, as net/http does it.
const bufferSize = 2048

// sniffed is how much http.DetectContentType looks at.
const sniffed = 512

// pieces are buffers for bodies on their way, of the size that io.Copy makes.
var pieces = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// connection is the server's end: a ResponseWriter over a pipe.
type connection struct {
	request *http.Request
	header  http.Header
	reader  *reader
	body    *io.PipeWriter
	head    chan *http.Response

	mu       sync.Mutex // Flush and Write may come from different goroutines
	status   int        // zero until WriteHeader
	sent     bool
	buffer   []byte
	snapshot http.Header
	declared int64 // Content-Length, -1 when there is none
	written  int64
}

// run calls the handler and ends the response as it ended.
func (c *connection) run(h http.Handler, r *http.Request) {
	defer func() {
		defer c.reader.cancel() // net/http ends a request's context with its handler
		switch v := recover(); {
		case v == nil:
			c.finish()
		case v == any(http.ErrAbortHandler):
			c.abort()
		default:
			panic(v) // a bug in the handler
		}
	}()
	h.ServeHTTP(c, r)
}

// Header returns the header that is to be sent.
func (c *connection) Header() http.Header { return c.header }

// WriteHeader fixes the status and the header.
func (c *connection) WriteHeader(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeHeader(status)
}

func (c *connection) writeHeader(status int) {
	if c.status != 0 || status < 200 {
		return
	}
	c.status, c.snapshot, c.declared = status, c.header.Clone(), -1
	if n, err := strconv.ParseInt(c.snapshot.Get("Content-Length"), 10, 64); err == nil {
		c.declared = n
	}
}

// Write sends part of the body.
func (c *connection) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeHeader(http.StatusOK)
	if c.status == http.StatusNoContent || c.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	if c.declared >= 0 && c.written+int64(len(b)) > c.declared {
		return 0, http.ErrContentLength
	}
	c.written += int64(len(b))
	if !c.sent && len(c.buffer)+len(b) <= bufferSize {
		c.buffer = append(c.buffer, b...)
		return len(b), nil
	}
	if err := c.flush(b); err != nil || !c.hasBody() {
		return len(b), err
	}
	return c.body.Write(b)
}

// ReadFrom sends a body, as io.Copy wants it.
func (c *connection) ReadFrom(body io.Reader) (int64, error) {
	piece := pieces.Get().(*[32 << 10]byte)
	defer pieces.Put(piece)
	return io.CopyBuffer(struct{ io.Writer }{c}, body, piece[:])
}

// Flush sends the head and what is buffered.
func (c *connection) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeHeader(http.StatusOK)
	_ = c.flush(nil) // the client has gone
}

func (c *connection) hasBody() bool {
	return c.request.Method != http.MethodHead && c.status != http.StatusNoContent && c.status != http.StatusNotModified
}

// flush sends the head, once, and the buffer. next is what will follow, for
// guessing the type.
func (c *connection) flush(next []byte) error {
	if !c.sent {
		c.sent = true
		sample := slices.Concat(c.buffer, next[:min(len(next), sniffed)])
		c.head <- c.response(sample) //nolint:bodyclose // the client closes it
	}
	if len(c.buffer) == 0 || !c.hasBody() {
		return nil
	}
	_, err := c.body.Write(c.buffer)
	c.buffer = nil
	return err
}

// response makes the client's view of the head.
func (c *connection) response(sample []byte) *http.Response {
	h := c.snapshot
	if h.Get("Date") == "" {
		h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	if _, set := h["Content-Type"]; !set && len(sample) > 0 && h.Get("Content-Encoding") == "" {
		h.Set("Content-Type", http.DetectContentType(sample))
	}
	resp := &http.Response{
		Status: fmt.Sprintf("%03d %s", c.status, http.StatusText(c.status)), StatusCode: c.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, ContentLength: c.declared, Body: c.reader, Request: c.request,
	}
	switch {
	case !c.hasBody():
		resp.Body = http.NoBody
		if c.request.Method != http.MethodHead {
			resp.ContentLength = 0
		}
	case c.declared < 0:
		resp.TransferEncoding = []string{"chunked"}
	}
	return resp
}

// abort closes the connection: no head, or a body that ends too early.
func (c *connection) abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.sent {
		c.sent = true
		c.head <- nil
	}
	c.body.CloseWithError(io.ErrUnexpectedEOF)
}

// finish ends the response after the handler has returned.
func (c *connection) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeHeader(http.StatusOK)
	if !c.sent && c.declared < 0 && (c.hasBody() || len(c.buffer) > 0) {
		c.declared = int64(len(c.buffer))
		c.snapshot.Set("Content-Length", strconv.Itoa(len(c.buffer)))
	}
	err := c.flush(nil)
	if err == nil && c.hasBody() && c.declared > c.written {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && c.request.Context().Err() != nil {
		err = context.Cause(c.request.Context()) // the client gave up before the handler did
	}
	c.body.CloseWithError(err) // nil is the end of the body
}
