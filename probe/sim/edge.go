package sim

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// TTL bounds how long a cache keeps an object: Default where the origin says
// nothing, else what it says, but at least Min and at most Max. With Min at
// zero no-store, no-cache and private are obeyed.
type TTL struct {
	Min, Default, Max time.Duration
}

// EdgeConfig describes an Edge. Only Origin is required; zero values are the
// defaults given with each field.
type EdgeConfig struct {
	Origin    *url.URL          // requests go below its path
	Transport http.RoundTripper // nil is an http.Transport of its own
	Headers   http.Header       // added to each request to the origin, never shown to viewers

	ManifestTTL TTL           // of playlists and of names of no known type; 1 s, 1 s, 3 s
	SegmentTTL  TTL           // of media; 0, 1 h, 24 h
	ErrorTTL    time.Duration // of error answers, and between two tries while stale; 0.9 s, negative is none

	CacheBytes     int64         // memory of the cache; 256 MiB
	ObjectBytes    int64         // larger objects are passed on and not kept; 32 MiB
	ConnectTimeout time.Duration // 3 s; of the Transport made here
	ReadTimeout    time.Duration // until the head, and between two reads of the body; 10 s

	Query []string // query parameters to forward and to tell objects apart by, beside _HLS_*
	Pop   string   // X-Amz-Cf-Pop; "SIM50-C1"

	Faults *Board // nil is a board of its own, with no fault on it
}

func (c EdgeConfig) withDefaults() EdgeConfig {
	c.ManifestTTL = cmp.Or(c.ManifestTTL, TTL{Min: time.Second, Default: time.Second, Max: 3 * time.Second})
	c.SegmentTTL = cmp.Or(c.SegmentTTL, TTL{Default: time.Hour, Max: 24 * time.Hour})
	// CloudFront's is 1 s. So often a player asks for an unchanged playlist of
	// two-second segments, and when it comes a millisecond early it is told the
	// old one for another second.
	c.ErrorTTL = max(0, cmp.Or(c.ErrorTTL, 900*time.Millisecond))
	c.CacheBytes = cmp.Or(c.CacheBytes, 256<<20)
	c.ObjectBytes = min(cmp.Or(c.ObjectBytes, 32<<20), c.CacheBytes)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, 3*time.Second)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 10*time.Second)
	c.Pop = cmp.Or(c.Pop, "SIM50-C1")
	if c.Faults == nil {
		c.Faults = NewBoard()
	}
	if c.Transport == nil {
		c.Transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: c.ConnectTimeout}).DialContext,
			TLSHandshakeTimeout: c.ConnectTimeout,
			MaxConnsPerHost:     256,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     30 * time.Second,
			DisableCompression:  true, // bytes pass as they are
			ForceAttemptHTTP2:   true,
		}
	}
	return c
}

// Edge is a caching proxy in front of one HTTP origin that behaves as
// CloudFront does: its TTL rules, its headers, one request to the origin for
// many viewers, revalidation, and the last good copy with status 200 while the
// origin fails. It is an http.Handler, safe for concurrent use, and starts
// nothing by itself: a fetch runs in the goroutine of the viewer who asked
// first. Objects are kept whole before they are served, so a viewer never sees
// half a fill.
type Edge struct {
	config EdgeConfig
	via    string
	cache  *cache
	memory memory // of faults

	mu      sync.Mutex
	flights map[string]*flight
}

// flight is a fetch in progress that others wait for.
type flight struct {
	done   chan struct{} // closed when result is set
	result result
}

// result is what the edge has for a request.
type result struct {
	object *object
	word   string        // of X-Cache
	aged   bool          // Age is stated
	tail   io.ReadCloser // the rest of an object too large to keep, or nil
}

// NewEdge returns an edge with an empty cache.
func NewEdge(c EdgeConfig) *Edge {
	c = c.withDefaults()
	return &Edge{
		config: c, cache: newCache(c.CacheBytes), flights: map[string]*flight{},
		via: "1.1 " + strings.ToLower(rand.Text()) + ".cloudfront.net (CloudFront)",
	}
}

// Faults returns the board whose faults the edge shows.
func (e *Edge) Faults() *Board { return e.config.Faults }

// Words of X-Cache.
const (
	wordHit     = "Hit"
	wordMiss    = "Miss"
	wordRefresh = "RefreshHit"
	wordError   = "Error"
)

// ServeHTTP answers from the cache, or from the origin through it.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Via", e.via)
	h.Set("X-Amz-Cf-Pop", e.config.Pop)
	h.Set("X-Amz-Cf-Id", rand.Text()+rand.Text()+"==")
	h.Set("X-Cache", wordMiss+fromCloudFront)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Access-Control-Allow-Origin", "*")
		readable(w, r)
		return
	}
	now := time.Now()
	a := answer{kind: kindOf(r.URL.Path)}
	faults := e.config.Faults.edge(r.URL.Path, now)
	a.apply(faults, now)
	if a.hang || a.status != 0 {
		h.Set("X-Cache", wordError+fromCloudFront)
		h.Set("Access-Control-Allow-Origin", "*")
		a.serve(w, r, nil)
		return
	}
	res, err := e.faulty(r, faults, now)
	if err != nil { // the viewer has gone
		panic(http.ErrAbortHandler)
	}
	if res.tail != nil {
		defer func() { _ = res.tail.Close() }()
	}
	if a.kind != segment {
		a = answer{kind: res.object.playlistKind()}
		a.apply(faults, now)
	}
	res.serve(w, r, &a)
}

const fromCloudFront = " from cloudfront"

// serve writes the result to a viewer.
func (res result) serve(w http.ResponseWriter, r *http.Request, a *answer) {
	h, o := w.Header(), res.object
	for name, values := range o.header {
		if name == "Via" {
			values = append(slices.Clone(values), h.Get("Via"))
		}
		h[name] = values
	}
	h.Set("X-Cache", res.word+fromCloudFront)
	if res.aged {
		h.Set("Age", strconv.Itoa(int(time.Since(o.obtained)/time.Second)))
	}
	if h.Get("Access-Control-Allow-Origin") == "" {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	switch {
	case res.tail != nil:
		w.WriteHeader(o.status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(o.blob.body)
			if _, err := io.Copy(w, res.tail); err != nil {
				panic(http.ErrAbortHandler) // the viewer must see that it is not whole
			}
		}
	case o.status == http.StatusOK:
		a.serve(w, r, o.blob)
	default:
		h.Set("Content-Type", o.blob.kind)
		h.Set("Content-Length", strconv.Itoa(len(o.blob.body)))
		w.WriteHeader(o.status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(o.blob.body) // the viewer has gone
		}
	}
}

// segmentTypes are the names that the segment behaviours of the distribution
// match. Everything else is treated like a playlist: unknown names must fail
// fresh, not frozen.
var segmentTypes = []string{".ts", ".m4s", ".mp4", ".m4a", ".m4v", ".aac", ".vtt", ".webvtt"}

// kindOf tells playlists from segments by name.
func kindOf(name string) kind {
	if slices.Contains(segmentTypes, path.Ext(name)) {
		return segment
	}
	return playlists
}

// query returns the part of the query that is forwarded and in the cache key.
func (e *Edge) query(r *http.Request) string {
	if r.URL.RawQuery == "" || e.forgets(r) || kindOf(r.URL.Path) == segment && len(e.config.Query) == 0 {
		return ""
	}
	kept := url.Values{}
	for name, values := range r.URL.Query() {
		if strings.HasPrefix(name, "_HLS_") || slices.Contains(e.config.Query, name) {
			kept[name] = values
		}
	}
	return kept.Encode()
}

// sound answers a request without faults. An error is the viewer's leaving.
func (e *Edge) sound(r *http.Request, ttl TTL) (result, error) {
	query := e.query(r)
	key := r.URL.EscapedPath() + "?" + query
	for first := true; ; first = false {
		old := e.cache.find(key)
		if old != nil && time.Now().Before(old.expires) {
			return old.hit(), nil
		}
		e.mu.Lock()
		f, inFlight := e.flights[key]
		if !inFlight {
			f = &flight{done: make(chan struct{})}
			e.flights[key] = f
		}
		e.mu.Unlock()
		if !inFlight {
			e.lead(r.Context(), f, key, query, old, ttl)
			return f.result, nil
		}
		if !first { // it cannot be shared: waiting again would form a queue
			return e.fetch(r.Context(), key, query, old, ttl), nil
		}
		select {
		case <-f.done:
		case <-r.Context().Done():
			return result{}, r.Context().Err()
		}
		if o := f.result.object; f.result.tail == nil && o.expires.After(o.obtained) {
			return o.hit(), nil
		}
	}
}

// lead fetches for everybody who waits.
func (e *Edge) lead(ctx context.Context, f *flight, key, query string, old *object, ttl TTL) {
	defer func() {
		e.mu.Lock()
		delete(e.flights, key)
		e.mu.Unlock()
		close(f.done)
	}()
	f.result = e.fetch(ctx, key, query, old, ttl)
}
