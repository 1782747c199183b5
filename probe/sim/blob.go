package sim

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
	playlistType = "application/vnd.apple.mpegurl"

	// Bodies within these limits are compressed, as CloudFront does it.
	minGzip = 1000
	maxGzip = 10_000_000
)

// blob is a resource as it is at one moment. It does not change.
type blob struct {
	body     []byte
	kind     string // Content-Type
	etag     string // "" is none
	modified time.Time

	gzipOnce sync.Once
	gzipped  []byte
}

// newBlob returns a resource with an entity tag of its bytes.
func newBlob(body []byte, kind string, modified time.Time) *blob {
	return &blob{body: body, kind: kind, etag: etagOf(body), modified: modified}
}

// at returns the resource with another time of modification.
func (b *blob) at(modified time.Time) *blob {
	return &blob{body: b.body, kind: b.kind, etag: b.etag, modified: modified}
}

func etagOf(body []byte) string {
	h := fnv.New64a()
	h.Write(body)
	return `"` + base64.RawURLEncoding.EncodeToString(h.Sum(nil)) + `"`
}

// compressed returns the body under gzip, made once.
func (b *blob) compressed() []byte {
	b.gzipOnce.Do(func() {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b.body) // a Buffer does not fail
		_ = z.Close()
		b.gzipped = out.Bytes()
	})
	return b.gzipped
}

// serve answers a GET or HEAD with a resource: conditional requests, ranges and
// gzip as an ordinary web server has them.
func (b *blob) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if b.kind != "" {
		h.Set("Content-Type", b.kind)
	}
	if b.etag != "" {
		h.Set("Etag", b.etag)
	}
	text := strings.HasSuffix(strings.ToLower(b.kind), "mpegurl") && h.Get("Content-Encoding") == ""
	if text && !strings.Contains(h.Get("Vary"), "Accept-Encoding") {
		h.Add("Vary", "Accept-Encoding")
	}
	if !text || len(b.body) < minGzip || len(b.body) > maxGzip || r.Header.Get("Range") != "" || !acceptsGzip(r) {
		http.ServeContent(w, r, "", b.modified, bytes.NewReader(b.body))
		return
	}
	if b.etag != "" && !strings.HasPrefix(b.etag, "W/") {
		h.Set("Etag", "W/"+b.etag)
	}
	if !b.modified.IsZero() {
		h.Set("Last-Modified", b.modified.UTC().Format(http.TimeFormat))
	}
	if tagMatches(r.Header.Get("If-None-Match"), b.etag) {
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

// readable answers what is neither GET nor HEAD and reports whether the request
// is to be served.
func readable(w http.ResponseWriter, r *http.Request) bool {
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
