package fetch

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// firstBuffer is the first allocation for a body of unknown length.
const firstBuffer = 4 << 10

// maxTrusted bounds what a Content-Length alone makes us allocate.
const maxTrusted = 1 << 20

// read reads the body of the last response, through limits, and closes it.
func (c *Client) read(ctx context.Context, r *Request, ex *probe.Exchange, resp *http.Response) []byte {
	if r.Method == http.MethodHead || resp.Body == http.NoBody {
		_ = resp.Body.Close()
		return nil
	}
	p := plan{limit: r.Limit, size: resp.ContentLength}
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		p.limit, p.cut = min(r.Limit, ErrorBytes), true
	case r.First > 0:
		p.limit, p.cut = min(r.Limit, r.First), true
	case resp.ContentLength > r.Limit:
		_ = resp.Body.Close()
		return c.beyond(ex, r.limit())
	}
	wire := &wireReader{r: resp.Body, left: r.Limit}
	body, err := c.decoded(wire, ex, r.Into, p)
	known := resp.ContentLength >= 0 || ex.Status >= http.StatusBadRequest
	if p.cut && err == nil && known && resp.ContentLength-int64(len(body)) <= drainBytes {
		n, rest := drain(resp)
		if ex.Status == http.StatusOK && errors.Is(rest, io.ErrUnexpectedEOF) {
			wire.left, wire.err = wire.left-n, rest
			err = rest // the range was ignored: what was answered is the object, and it is cut off
		}
	}
	_ = resp.Body.Close()
	switch {
	case err != nil:
		c.bodyFailed(ctx, r, ex, wire, err)
	case ex.Status == http.StatusBadRequest && wantsTLS(body):
		return fail(ex, probe.FailProtocol, plainToTLS)
	}
	return body
}

// limit is what the body may have, by its name.
func (r *Request) limit() probe.Limit {
	return probe.Limit{Name: cmp.Or(r.LimitName, "one answer"), Bytes: r.Limit}
}

// wantsTLS reports whether a page of status 400 is how a server says that its
// port speaks HTTPS: Go's, nginx's and Apache's texts.
func wantsTLS(page []byte) bool {
	for _, text := range []string{
		"HTTP request to an HTTPS server",
		"plain HTTP request was sent to HTTPS port",
		"speaking plain HTTP to an SSL-enabled server port",
	} {
		if bytes.Contains(page, []byte(text)) {
			return true
		}
	}
	return false
}

// plan says how much of a body to read.
type plan struct {
	limit int64 // bytes, after decompression
	cut   bool  // stop at the limit without a failure
	size  int64 // as stated; -1 unknown
}

var (
	errTooLarge = errors.New("body is beyond the limit")
	errEncoding = errors.New("a content encoding that was not asked for, and that players do not know")
	errTwice    = errors.New("body is compressed twice")
)

// decoded reads a body and undoes its Content-Encoding.
func (c *Client) decoded(wire *wireReader, ex *probe.Exchange, into []byte, p plan) ([]byte, error) {
	encoding := strings.ToLower(ex.ContentEncoding)
	if encoding == "" {
		return readAll(wire, into, p)
	}
	if ex.Status == http.StatusPartialContent {
		return nil, errEncoding // a part of a compressed object cannot be read
	}
	if encoding != "gzip" && encoding != "x-gzip" {
		p.size = -1
		return unasked(encoding, wire, into, p)
	}
	z := c.gzips.Get().(*gzip.Reader)
	defer c.gzips.Put(z)
	if err := z.Reset(wire); err != nil {
		return nil, err
	}
	p.size = -1
	body, err := readAll(z, into, p)
	if err == nil && bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		err = errTwice
	}
	return body, err
}

// unasked reads a body that was sent in an encoding that was not asked for.
func unasked(encoding string, wire io.Reader, into []byte, p plan) ([]byte, error) {
	r, err := unpacked(encoding, wire)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, errEncoding
	}
	body, err := readAll(r, into, p)
	_ = r.Close() // what it says was said by reading
	return body, err
}

// readAll reads r to its end or to the plan's limit.
func readAll(r io.Reader, into []byte, p plan) ([]byte, error) {
	b := into[:0]
	if cap(b) == 0 {
		n := int64(firstBuffer)
		if p.size >= 0 {
			n = min(p.size+1, p.limit+1, maxTrusted) // one more shows the end without another read
		}
		b = make([]byte, 0, n)
	}
	for {
		room := b[len(b):cap(b)]
		if over := p.limit + 1 - int64(len(b)); int64(len(room)) > over {
			room = room[:over]
		}
		n, err := r.Read(room)
		b = b[:len(b)+n]
		if int64(len(b)) > p.limit {
			b = b[:p.limit]
			if p.cut {
				return b, nil
			}
			return b, errTooLarge
		}
		switch {
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, err
		case p.cut && int64(len(b)) == p.limit:
			return b, nil
		case len(b) == cap(b):
			b = append(b, 0)[:len(b)]
		}
	}
}

// wireReader reads what came over the wire, at most left bytes of it, and keeps
// its error, so that a body that was cut off is told from one that does not inflate.
type wireReader struct {
	r    io.Reader
	left int64
	err  error
}

func (w *wireReader) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.left -= int64(n)
	if err == nil && w.left < 0 {
		err = errTooLarge
	}
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// drain reads a little of what is left of a body and closes it: a connection is
// used again only when its response was read to the end. It returns how many bytes
// there were, and how reading failed, io.EOF when it reached the end.
func drain(resp *http.Response) (n int64, err error) {
	n, err = io.CopyN(io.Discard, resp.Body, drainBytes)
	_ = resp.Body.Close()
	return n, err
}
