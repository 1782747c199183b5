package sim

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Edge is a caching proxy in front of one HTTP origin that behaves as
// CloudFront does, or as another cache when its options say so: TTL rules,
// headers, one request to the origin for many viewers, revalidation, and the
// last good copy with status 200 while the origin fails. It is an http.Handler,
// safe for concurrent use, and starts nothing by itself: a fetch runs in the
// goroutine of the viewer who asked first. Only with EdgeConfig.Grace does one
// run behind the viewers' backs, for ConnectTimeout and ReadTimeout at most.
// Objects are kept whole before they are served, so a viewer never sees half a
// fill.
type Edge struct {
	config EdgeConfig
	host   string // that the edge calls itself by in headers
	cache  *cache
	asked  atomic.Int64 // requests so far, of viewers and to the origin, which number them
	memory memory       // of faults

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
	word   Word
	aged   bool          // Age is stated
	tail   io.ReadCloser // the rest of an object too large to keep, or nil
}

// NewEdge returns an edge with an empty cache.
func NewEdge(c EdgeConfig) *Edge {
	c = c.withDefaults()
	return &Edge{
		config: c, cache: newCache(c.CacheBytes), flights: map[string]*flight{},
		host: cmp.Or(c.Name, strings.ToLower(rand.Text())+".cloudfront.net"),
	}
}

// Faults returns the board whose faults the edge shows.
func (e *Edge) Faults() *Board { return e.config.Faults }

// ServeHTTP answers from the cache, or from the origin through it.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	if !e.accepts(r.URL.Path, now) {
		panic(http.ErrAbortHandler)
	}
	h, id := w.Header(), e.asked.Add(1)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		e.mark(h, result{word: WordMiss}, id)
		h.Set("Access-Control-Allow-Origin", "*")
		readable(w, r)
		return
	}
	a := answer{kind: kindOf(r.URL.Path)}
	faults := e.config.Faults.edge(e.config.Label, r.URL.Path, now)
	a.apply(faults, now)
	if a.hang || a.status != 0 {
		e.mark(h, result{word: WordError}, id)
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
	e.serve(w, r, res, &a, id)
}

// accepts reports whether there is a listener to connect to.
func (e *Edge) accepts(path string, now time.Time) bool {
	return accepted(e.config.Faults.edge(e.config.Label, path, now), now)
}

// serve writes a result to a viewer.
func (e *Edge) serve(w http.ResponseWriter, r *http.Request, res result, a *answer, id int64) {
	h, o := w.Header(), res.object
	maps.Copy(h, o.header)
	e.mark(h, res, id)
	if res.aged && !e.config.NoAge {
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
		now := time.Now()
		old := e.cache.find(key)
		if old != nil && now.Before(old.expires) {
			return old.hit(), nil
		}
		graceful := old != nil && now.Before(old.grace)
		if e.config.NoCollapsing && !graceful {
			return e.fetch(r.Context(), ask{key: key, query: query, old: old, ttl: ttl}), nil
		}
		f, leads := e.join(key)
		if graceful {
			word := WordUpdating
			if leads {
				word = WordStale
				go e.lead(context.WithoutCancel(r.Context()), f, ask{key: key, query: query, old: old, ttl: ttl, behind: true})
			}
			return result{object: old, word: word, aged: true}, nil
		}
		if leads {
			e.lead(r.Context(), f, ask{key: key, query: query, old: old, ttl: ttl})
			return f.result, nil
		}
		if !first { // it cannot be shared: waiting again would form a queue
			return e.fetch(r.Context(), ask{key: key, query: query, old: old, ttl: ttl}), nil
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

// join returns the fetch of a key that is in progress, or else a new one, which
// the caller leads.
func (e *Edge) join(key string) (f *flight, leads bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f, inFlight := e.flights[key]; inFlight {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	e.flights[key] = f
	return f, true
}

// lead fetches for everybody who waits.
func (e *Edge) lead(ctx context.Context, f *flight, a ask) {
	defer func() {
		e.mu.Lock()
		delete(e.flights, a.key)
		e.mu.Unlock()
		close(f.done)
	}()
	f.result = e.fetch(ctx, a)
	if a.behind && f.result.tail != nil {
		_ = f.result.tail.Close() // nobody reads it
	}
}
