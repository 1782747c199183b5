package edge

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// Bodies within these limits are compressed, as CloudFront does it.
	minGzip = 1000
	maxGzip = 10_000_000
)

// Blob is a resource as it is at one moment. It does not change.
type Blob struct {
	Body     []byte
	Type     string // Content-Type
	ETag     string // "" is none
	Modified time.Time

	gzipOnce sync.Once
	gzipped  []byte
}

// NewBlob returns a resource with an entity tag of its bytes.
func NewBlob(body []byte, mime string, modified time.Time) *Blob {
	return &Blob{Body: body, Type: mime, ETag: tagOf(body), Modified: modified}
}

// At returns the resource with another time of modification.
func (b *Blob) At(modified time.Time) *Blob {
	return &Blob{Body: b.Body, Type: b.Type, ETag: b.ETag, Modified: modified}
}

func tagOf(body []byte) string {
	h := fnv.New64a()
	h.Write(body)
	return `"` + base64.RawURLEncoding.EncodeToString(h.Sum(nil)) + `"`
}

// compressed returns the body under gzip, made once.
func (b *Blob) compressed() []byte {
	b.gzipOnce.Do(func() {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b.Body) // a Buffer does not fail
		_ = z.Close()
		b.gzipped = out.Bytes()
	})
	return b.gzipped
}

// Serve answers a GET or HEAD with a resource: conditional requests, ranges and
// gzip as an ordinary web server has them.
func (b *Blob) Serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if b.Type != "" {
		h.Set("Content-Type", b.Type)
	}
	if b.ETag != "" {
		h.Set("Etag", b.ETag)
	}
	text := strings.HasSuffix(strings.ToLower(b.Type), "mpegurl") && h.Get("Content-Encoding") == ""
	if text && !strings.Contains(h.Get("Vary"), "Accept-Encoding") {
		h.Add("Vary", "Accept-Encoding")
	}
	if !text || len(b.Body) < minGzip || len(b.Body) > maxGzip || r.Header.Get("Range") != "" || !acceptsGzip(r) {
		http.ServeContent(w, r, "", b.Modified, bytes.NewReader(b.Body))
		return
	}
	if b.ETag != "" && !strings.HasPrefix(b.ETag, "W/") {
		h.Set("Etag", "W/"+b.ETag)
	}
	if !b.Modified.IsZero() {
		h.Set("Last-Modified", b.Modified.UTC().Format(http.TimeFormat))
	}
	if tagMatches(r.Header.Get("If-None-Match"), b.ETag) {
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Length", strconv.Itoa(len(b.compressed())))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.compressed()) // the client has gone
	}
}

// acceptsGzip reads Accept-Encoding as RFC 9110 §12.5.3 has it.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.TrimSpace(params)
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// tagMatches compares weakly, as If-None-Match does (RFC 9110 §13.1.2).
func tagMatches(header, etag string) bool {
	if header == "" || etag == "" {
		return false
	}
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

// Readable answers what is neither GET nor HEAD and reports whether the request
// is to be served.
func Readable(w http.ResponseWriter, r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodOptions:
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "*")
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
	return false
}
