package fetch

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// head is a head that was read, kept by its connection: most lines of the next one
// are the same, and need no new strings then.
type head struct {
	status string // "200 OK"
	fields []field
	maps   *sync.Pool // of http.Header that are used no more; nil has none
}

// field is a line of a head.
type field struct {
	line   string // as it was sent, without its end
	name   string // in canonical form
	values []string
}

// readResponse reads the head of an answer, as http.ReadResponse does, but for the
// body: of so many bytes it is what follows, and length is how many. A head of the
// plainest kind is read here, at a third of the cost. All others are left to
// net/http as they are, with length -1, and so is the body of their answers.
func (h *head) readResponse(r *bufio.Reader, q *http.Request) (resp *http.Response, length int64, err error) {
	if resp, size := h.plain(r, q); resp != nil {
		if length = resp.ContentLength; q.Method == http.MethodHead {
			length = 0
		}
		_, err := r.Discard(size)
		return resp, length, err
	}
	resp, err = http.ReadResponse(r, q)
	return resp, -1, err
}

// plain reads a head that has arrived whole, and returns its length; nil where it
// is not of the plainest kind.
func (h *head) plain(r *bufio.Reader, q *http.Request) (resp *http.Response, size int) {
	text, _ := r.Peek(r.Buffered()) // what is buffered can be peeked at
	end := bytes.Index(text, []byte("\r\n\r\n"))
	if end < 0 {
		return nil, 0
	}
	first, rest, _ := bytes.Cut(text[:end+2], []byte("\r\n"))
	code, ok := h.statusOf(first)
	if !ok {
		return nil, 0
	}
	resp = &http.Response{
		Status: h.status, StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h.header(), Body: http.NoBody, ContentLength: -1, Request: q,
	}
	for n := 0; len(rest) > 0; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		f := h.field(n, line)
		if f == nil {
			return nil, 0
		}
		if have, twice := resp.Header[f.name]; twice {
			resp.Header[f.name] = append(slices.Clip(have), f.values...)
			continue
		}
		resp.Header[f.name] = f.values
	}
	if !measured(resp, q) {
		return nil, 0
	}
	return resp, end + 4
}

// header returns an empty header.
func (h *head) header() http.Header {
	if h.maps != nil {
		if used, ok := h.maps.Get().(http.Header); ok {
			clear(used)
			return used
		}
	}
	return make(http.Header, 16)
}

// statusOf reads a status line, RFC 9112 §4, and keeps it.
func (h *head) statusOf(line []byte) (code int, ok bool) {
	const version = "HTTP/1.1 "
	if !bytes.HasPrefix(line, []byte(version)) || !visible(line) {
		return 0, false
	}
	line = line[len(version):]
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' || line[0] < '2' || line[0] > '9' { // 1xx are interim
		return 0, false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, false
		}
		code = code*10 + int(c-'0')
	}
	if string(line) != h.status {
		h.status = string(line)
	}
	return code, true
}

// field returns a line as the nth of the head: the one that was there before, where
// it is the same, and nil where it is not plain.
func (h *head) field(n int, line []byte) *field {
	if n < len(h.fields) && h.fields[n].line == string(line) {
		return &h.fields[n]
	}
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !visible(line) || n >= mostFields {
		return nil
	}
	for _, c := range line[:colon] {
		if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return nil
		}
	}
	f := field{line: string(line)}
	f.name = http.CanonicalHeaderKey(f.line[:colon])
	f.values = []string{strings.Trim(f.line[colon+1:], " ")}
	switch f.name {
	case "Transfer-Encoding", "Trailer", "Upgrade", "Pragma":
		return nil // each has rules of its own
	case "Connection":
		if f.values[0] != "keep-alive" {
			return nil
		}
	}
	if n == len(h.fields) {
		h.fields = append(h.fields, f)
	}
	h.fields[n] = f
	return &h.fields[n]
}

// mostFields is how many lines of a head are read here.
const mostFields = 64

// visible reports whether a line has printable characters and spaces only, and does
// not begin with one of those.
func visible(line []byte) bool {
	for _, c := range line {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(line) > 0 && line[0] != ' '
}

// measured notes how long the body is. It reports whether the head says so plainly:
// by one Content-Length, or by being one that no body follows (RFC 9112 §6.3).
func measured(resp *http.Response, q *http.Request) bool {
	stated, ok := int64(-1), false
	if values := resp.Header["Content-Length"]; len(values) > 0 {
		n, err := strconv.ParseUint(values[0], 10, 62)
		if err != nil || len(values) > 1 {
			return false
		}
		stated, ok = int64(n), true
	}
	switch {
	case q.Method == http.MethodHead:
		resp.ContentLength, ok = stated, true
	case resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified:
		resp.ContentLength, ok = 0, true
	default:
		resp.ContentLength = stated
	}
	return ok
}

// measuredBody is a body of so many bytes.
type measuredBody struct {
	r    *bufio.Reader
	left int64
}

// Read reads on. It says at once that the end is reached.
func (b *measuredBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	switch {
	case b.left == 0 && (err == nil || err == io.EOF):
		return n, io.EOF
	case err == io.EOF:
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// writePlain writes a request whose header is known as it is sent, as net/http would.
// It reports whether it did: what needs a closer look is left to net/http.
func writePlain(w *bytes.Buffer, r *http.Request, wire []byte) bool {
	target := r.URL.RequestURI()
	if wire == nil || r.Host != "" || !visible([]byte(target)) || !plainHost(r.URL.Host) {
		return false
	}
	for _, part := range [...]string{r.Method, " ", target, " HTTP/1.1\r\nHost: ", r.URL.Host, "\r\n"} {
		w.WriteString(part)
	}
	w.Write(wire)
	return true
}

// plainHost reports whether a host, with or without port, is sent as it stands in a URL.
func plainHost(host string) bool {
	for i := range len(host) {
		if c := host[i]; c != '-' && c != '.' && c != ':' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return host != "" && !strings.HasSuffix(host, ":")
}
