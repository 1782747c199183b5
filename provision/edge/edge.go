// Package edge is a caching proxy in front of an HTTP origin: that of
// `distribution: local`, and what a simulated CDN is made of.
//
// The rule that keeps it simple: it is a sound cache. Who wants a broken one puts
// a layer around it, which looks a request up in another way (Get) or answers it
// with something else (Serve), as probe/sim does.
package edge

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
// goroutine of the viewer who asked first. Only with Config.Grace does one
// run behind the viewers' backs, for ConnectTimeout and ReadTimeout at most.
// Objects are kept whole before they are served, so a viewer never sees half a
// fill.
type Edge struct {
	config Config
	host   string // that the edge calls itself by in headers
	cache  *Cache
	asked  atomic.Int64 // requests so far, of viewers and to the origin, which number them

	mu      sync.Mutex
	flights map[string]*flight
}

// flight is a fetch in progress that others wait for.
type flight struct {
	done   chan struct{} // closed when result is set
	result Result
}

// Result is what the edge has for a request.
type Result struct {
	Object *Object
	Word   Word

	id   int64         // of the request; zero until it has one
	aged bool          // Age is stated
	tail io.ReadCloser // the rest of an object too large to keep, or nil
}

// Whole reports whether all of the object is in memory.
func (r *Result) Whole() bool { return r.tail == nil }

// Lookup changes how one request is looked up. The zero value is as the Config
// has it.
type Lookup struct {
	ManifestTTL TTL  // in place of the Config's
	NoQuery     bool // the query is neither forwarded nor in the cache key
}

// New returns an edge with an empty cache.
func New(c Config) *Edge {
	c = c.withDefaults()
	return &Edge{
		config: c, cache: NewCache(c.CacheBytes), flights: map[string]*flight{},
		host: cmp.Or(c.Name, strings.ToLower(rand.Text())+".cloudfront.net"),
	}
}

// ServeHTTP answers from the cache, or from the origin through it.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		e.Mark(w.Header(), Result{Word: WordMiss})
		Readable(w, r)
		return
	}
	res, err := e.Get(r, Lookup{})
	if err != nil { // the viewer has gone
		panic(http.ErrAbortHandler)
	}
	e.Serve(w, r, res, nil)
}

// Serve writes a result to a viewer. A body that is whole and fine is written by
// body; nil is Blob.Serve.
func (e *Edge) Serve(
	w http.ResponseWriter, r *http.Request, res Result, body func(http.ResponseWriter, *http.Request, *Blob),
) {
	if res.tail != nil {
		defer func() { _ = res.tail.Close() }()
	}
	h, o := w.Header(), res.Object
	maps.Copy(h, o.Header)
	e.Mark(h, res)
	if res.aged && !e.config.NoAge {
		h.Set("Age", strconv.Itoa(int(time.Since(o.Obtained)/time.Second)))
	}
	switch {
	case res.tail != nil:
		w.WriteHeader(o.Status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(o.Blob.Body)
			if _, err := io.Copy(w, res.tail); err != nil {
				panic(http.ErrAbortHandler) // the viewer must see that it is not whole
			}
		}
	case o.Status == http.StatusOK && body != nil:
		body(w, r, o.Blob)
	case o.Status == http.StatusOK:
		o.Blob.Serve(w, r)
	default:
		h.Set("Content-Type", o.Blob.Type)
		h.Set("Content-Length", strconv.Itoa(len(o.Blob.Body)))
		w.WriteHeader(o.Status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(o.Blob.Body) // the viewer has gone
		}
	}
}

// segmentTypes are the names that the segment behaviours of the distribution
// match. Everything else is treated like a playlist: unknown names must fail
// fresh, not frozen.
var segmentTypes = []string{".ts", ".m4s", ".mp4", ".m4a", ".m4v", ".aac", ".vtt", ".webvtt"}

// IsSegment tells segments from playlists by name.
func IsSegment(name string) bool { return slices.Contains(segmentTypes, path.Ext(name)) }

// query returns the part of the query that is forwarded and in the cache key.
func (e *Edge) query(r *http.Request, l Lookup) string {
	if r.URL.RawQuery == "" || l.NoQuery || IsSegment(r.URL.Path) && len(e.config.Query) == 0 {
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

// Key is what a request is looked up by in the cache.
func (e *Edge) Key(r *http.Request, l Lookup) string {
	return r.URL.EscapedPath() + "?" + e.query(r, l)
}

// Find returns what the cache has for a request, fresh or not, nil for nothing.
func (e *Edge) Find(r *http.Request, l Lookup) *Object { return e.cache.Find(e.Key(r, l)) }

// Get returns what the edge has for a GET or HEAD, and asks the origin where it
// has to. An error is the viewer's leaving. Serve closes the result.
func (e *Edge) Get(r *http.Request, l Lookup) (Result, error) {
	id := e.asked.Add(1)
	res, err := e.get(r, l)
	res.id = id
	return res, err
}

func (e *Edge) get(r *http.Request, l Lookup) (Result, error) {
	a := ask{query: e.query(r, l), ttl: e.config.SegmentTTL}
	a.key = r.URL.EscapedPath() + "?" + a.query
	if !IsSegment(r.URL.Path) {
		a.ttl = cmp.Or(l.ManifestTTL, e.config.ManifestTTL)
	}
	for first := true; ; first = false {
		now := time.Now()
		a.old = e.cache.Find(a.key)
		if a.old != nil && a.old.Fresh(now) {
			return a.old.Hit(), nil
		}
		graceful := a.old != nil && now.Before(a.old.grace)
		if e.config.NoCollapsing && !graceful {
			return e.fetch(r.Context(), a), nil
		}
		f, leads := e.join(a.key)
		if graceful {
			word := WordUpdating
			if leads {
				word = WordStale
				behind := a
				behind.behind = true
				go e.lead(context.WithoutCancel(r.Context()), f, behind)
			}
			return Result{Object: a.old, Word: word, aged: true}, nil
		}
		if leads {
			e.lead(r.Context(), f, a)
			return f.result, nil
		}
		if !first { // it cannot be shared: waiting again would form a queue
			return e.fetch(r.Context(), a), nil
		}
		select {
		case <-f.done:
		case <-r.Context().Done():
			return Result{}, r.Context().Err()
		}
		if o := f.result.Object; f.result.Whole() && o.expires.After(o.Obtained) {
			return o.Hit(), nil
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
