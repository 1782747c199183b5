package fetch

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// shape is what requests of one form send: the header, and the same as lines
// with secret values redacted. It is shared by requests and never changed.
type shape struct {
	header http.Header
	host   string // "" is the URL's
	lines  []string
	wire   []byte // the header as net/http sends it, but for Host; nil where it does not repeat
}

// shapeKey tells apart the forms that repeat from poll to poll.
type shapeKey struct {
	own    bool
	gzip   bool
	first  int64
	origin string
}

// maxShapes bounds the shapes that are kept, should a caller invent ever new ones.
const maxShapes = 64

// shapes builds request headers once per form: for each request that would be
// seven allocations more, beside the 51 that BenchmarkGet shows.
type shapes struct {
	base, foreign shape // with and without the secret headers

	mu   *sync.RWMutex
	kept map[shapeKey]*shape
}

func newShapes(o Options) shapes {
	agent := o.UserAgent
	if agent == "" {
		agent = "streamwatch"
	}
	foreign := shape{header: http.Header{}}
	foreign.set("User-Agent", agent)
	base := foreign.clone()
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		if http.CanonicalHeaderKey(name) == "Host" {
			base.host = o.Headers[name]
			base.lines = append(base.lines, "Host: "+redacted)
			continue
		}
		base.secret(name, o.Headers[name])
	}
	return shapes{base: base, foreign: foreign, mu: new(sync.RWMutex), kept: map[shapeKey]*shape{}}
}

// of returns what a request to u sends. own says that u is of the host that the
// caller named.
func (s *shapes) of(r *Request, u *url.URL, own bool) *shape {
	key := shapeKey{own: own, gzip: r.AcceptGzip && r.First <= 0, first: r.asked(), origin: r.Origin}
	s.mu.RLock()
	sh := s.kept[key]
	s.mu.RUnlock()
	if sh == nil {
		sh = s.build(key)
		s.mu.Lock()
		if len(s.kept) < maxShapes {
			s.kept[key] = sh
		}
		s.mu.Unlock()
	}
	if r.IfNoneMatch == "" && r.IfModifiedSince.IsZero() && u.User == nil && r.Offset <= 0 {
		return sh
	}
	one := sh.clone()
	if r.Offset > 0 && r.asked() > 0 {
		one.header.Del("Range")
		one.lines = slices.DeleteFunc(one.lines, func(line string) bool { return strings.HasPrefix(line, "Range: ") })
		one.set("Range", fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.First-1))
	}
	if u.User != nil && own && one.header["Authorization"] == nil {
		password, _ := u.User.Password()
		one.secret("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
	}
	if r.IfNoneMatch != "" {
		one.set("If-None-Match", r.IfNoneMatch)
	}
	if !r.IfModifiedSince.IsZero() {
		one.set("If-Modified-Since", r.IfModifiedSince.UTC().Format(http.TimeFormat))
	}
	return &one
}

func (s *shapes) build(key shapeKey) *shape {
	from := &s.foreign
	if key.own {
		from = &s.base
	}
	sh := from.clone()
	if key.gzip {
		sh.set("Accept-Encoding", "gzip")
	}
	if key.first > 0 {
		sh.set("Range", "bytes=0-"+strconv.FormatInt(key.first-1, 10))
	}
	if key.origin != "" {
		sh.set("Origin", key.origin)
	}
	sh.wire = wireOf(sh.header)
	return &sh
}

// wireOf returns a header as net/http sends it, with the empty line behind it.
func wireOf(h http.Header) []byte {
	const first = "GET / HTTP/1.1\r\nHost: a\r\n"
	var text bytes.Buffer
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: "a", Path: "/"}, Header: h}
	if err := r.Write(&text); err != nil || !bytes.HasPrefix(text.Bytes(), []byte(first)) {
		return nil
	}
	return text.Bytes()[len(first):]
}

func (s *shape) clone() shape {
	return shape{header: maps.Clone(s.header), host: s.host, lines: slices.Clone(s.lines)}
}

// withCookies returns a shape that sends cookies too, after those that it sends already.
func (s *shape) withCookies(cookies []*http.Cookie) *shape {
	one := s.clone()
	var line []string
	if was := one.header.Get("Cookie"); was != "" {
		line = append(line, was)
		one.lines = slices.DeleteFunc(one.lines, func(l string) bool { return strings.HasPrefix(l, "Cookie: ") })
	}
	for _, c := range cookies {
		line = append(line, c.Name+"="+c.Value)
	}
	one.secret("Cookie", strings.Join(line, "; "))
	return &one
}

func (s *shape) set(name, value string) {
	s.header.Set(name, value)
	s.lines = append(s.lines, name+": "+value)
}

func (s *shape) secret(name, value string) {
	s.header.Set(name, value)
	s.lines = append(s.lines, name+": "+redacted)
}

// playlistLimit names the limit that an event can set.
const playlistLimit = "monitor.limits.playlist"

// note takes the facts of a response's head. A header that comes more than once
// is read as browsers read it: lists are joined (RFC 9110 §5.3; Fetch, get), and
// of what is no list the first counts, where no rule of its own says otherwise.
func (c *Client) note(ex *probe.Exchange, resp *http.Response) {
	ex.Status, ex.Proto = resp.StatusCode, resp.Proto
	total := ""
	for name, values := range resp.Header {
		v := values[0]
		switch name {
		case "Content-Type":
			ex.ContentType = mimeType(values)
		case "Content-Encoding":
			ex.ContentEncoding = encodings(values)
		case "Content-Length":
			if resp.ContentLength >= 0 {
				ex.ContentLength = probe.State(resp.ContentLength)
			}
		case "Content-Range":
			ex.RangeStart, total = contentRange(v)
		case "Cache-Control":
			ex.CacheControl = strings.Join(values, ", ")
		case "Expires":
			ex.Expires = true
		case "Etag":
			if len(slices.Compact(slices.Clone(values))) == 1 { // two are none to rely on
				ex.ETag = v
			}
		case "Last-Modified":
			ex.LastModified = httpTime(v)
		case "Date":
			ex.Date = httpTime(v)
		case "Age":
			v, _, _ = strings.Cut(v, ",") // RFC 9111 §5.1: of a list the first member
			if s, err := strconv.ParseUint(strings.TrimSpace(v), 10, 31); err == nil {
				ex.Age = probe.State(time.Duration(s) * time.Second)
			}
		case "X-Cache":
			ex.XCache = strings.Join(values, ", ")
		case "Via":
			ex.Via = strings.Join(values, ", ")
		case "X-Amz-Cf-Pop":
			ex.Pop = v
		case "X-Amz-Cf-Id":
			ex.RequestID = v
		case "Server-Timing":
			ex.ServerTiming = strings.Join(values, ", ")
		case "Access-Control-Allow-Origin":
			ex.AllowOrigin = strings.Join(values, ", ")
		}
	}
	ex.CacheLine, ex.CacheWord = cacheOf(resp.Header)
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		// The server's own only: old roots that servers send along expire without harm.
		own := resp.TLS.PeerCertificates[0]
		ex.CertExpires, ex.CertLifetime = own.NotAfter, own.NotAfter.Sub(own.NotBefore)
	}
	ex.ObjectBytes = objectBytes(ex, total)
}

// mimeType reads Content-Type: of all values, whether joined or not, the last
// one that is a type and not */* (Fetch, extract a MIME type). It is the first
// as it stands where none is.
func mimeType(values []string) string {
	if len(values) == 1 && !strings.Contains(values[0], ",") {
		return values[0]
	}
	last := ""
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if t, _, err := mime.ParseMediaType(part); err == nil && strings.Contains(t, "/") && t != "*/*" {
			last = strings.TrimSpace(part)
		}
	}
	return cmp.Or(last, values[0])
}

// encodings reads Content-Encoding: the list of what was done to the body, of
// which identity is nothing (RFC 9110 §8.4.1).
func encodings(values []string) string {
	var list []string
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if e := strings.TrimSpace(part); e != "" && !strings.EqualFold(e, "identity") {
			list = append(list, e)
		}
	}
	return strings.Join(list, ", ")
}

// contentRange reads the first byte and the total of "bytes 0-99/1000" (RFC 9110
// §14.4).
func contentRange(v string) (start probe.Fact[int64], total string) {
	rest, total, _ := strings.Cut(v, "/")
	first, _, ok := strings.Cut(strings.TrimSpace(strings.TrimPrefix(rest, "bytes")), "-")
	if n, err := strconv.ParseInt(first, 10, 64); err == nil && ok {
		start = probe.State(n)
	}
	return start, total
}

// objectBytes is the size of the whole object: of a part its Content-Range's
// total (RFC 9110 §14.4), else the Content-Length. That of a compressed body
// says nothing of the object.
func objectBytes(ex *probe.Exchange, total string) probe.Fact[int64] {
	switch {
	case ex.Status == http.StatusPartialContent:
		if n, err := strconv.ParseInt(total, 10, 64); err == nil && n >= 0 {
			return probe.State(n)
		}
	case ex.Status == http.StatusOK && ex.ContentEncoding == "":
		return ex.ContentLength
	}
	return probe.Fact[int64]{}
}

// httpTime reads a date of RFC 9110 §5.6.7; zero when it is none.
func httpTime(s string) time.Time {
	t, err := http.ParseTime(s)
	if err != nil {
		return time.Time{}
	}
	return t
}
