package sim

import (
	"bytes"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

// Edge is a caching edge that shows the faults of a board: a layer around the one
// of `distribution: local`, which is sound.
type Edge struct {
	cache  *edge.Edge
	faults *Board
	label  string
	memory memory // of faults
}

// NewEdge returns an edge with an empty cache. label is the name by which a
// board's faults are put on it, of several; "" is the first. A nil board is one
// of its own, with no fault on it.
func NewEdge(c edge.Config, faults *Board, label string) *Edge {
	if faults == nil {
		faults = NewBoard()
	}
	return &Edge{cache: edge.New(c), faults: faults, label: label}
}

// Faults returns the board whose faults the edge shows.
func (e *Edge) Faults() *Board { return e.faults }

// ServeHTTP answers as the edge would, or as the faults want it.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	faults := e.faults.edge(e.label, r.URL.Path, now)
	if !accepted(faults, now) {
		panic(http.ErrAbortHandler)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		e.cache.ServeHTTP(w, r)
		return
	}
	a := answer{kind: kindOf(r.URL.Path)}
	a.apply(faults, now)
	if a.hang || a.status != 0 {
		e.cache.Mark(w.Header(), edge.Result{Word: edge.WordError})
		a.serve(w, r, nil)
		return
	}
	res, err := e.look(r, faults, now)
	if err != nil { // the viewer has gone
		panic(http.ErrAbortHandler)
	}
	if a.kind != segment {
		a = answer{kind: playlistKind(res.Object.Blob.Body)}
		a.apply(faults, now)
	}
	e.cache.Serve(w, r, res, a.serve)
}

// accepts reports whether there is a listener to connect to.
func (e *Edge) accepts(path string, now time.Time) bool {
	return accepted(e.faults.edge(e.label, path, now), now)
}

// kindOf tells playlists from segments by name, as the edge does.
func kindOf(name string) kind {
	if edge.IsSegment(name) {
		return segment
	}
	return playlists
}

// playlistKind tells a multivariant playlist from a media playlist.
func playlistKind(body []byte) kind {
	if bytes.Contains(body, []byte("#EXT-X-STREAM-INF")) {
		return multivariant
	}
	return mediaPlaylist
}

// memory is what faults of the cache remember, for each fault and key.
type memory struct {
	mu    sync.Mutex
	nodes map[memoryKey]*node
}

type memoryKey struct {
	fault int
	key   string
}

// node is a part of the edge that went its own way.
type node struct {
	mu       sync.Mutex
	object   *edge.Object   // frozen, or a negative answer
	versions []*edge.Object // the playlist over time, the oldest first
	asked    int
}

// of returns the memory of a fault for a key.
func (m *memory) of(in *injected, key string) *node {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.nodes == nil {
		m.nodes = map[memoryKey]*node{}
	}
	k := memoryKey{in.id, key}
	if m.nodes[k] == nil {
		m.nodes[k] = &node{}
	}
	return m.nodes[k]
}

// clear forgets everything when no fault of the cache is on.
func (m *memory) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nodes = nil
}

// look looks a request up as the faults of the cache want it, else soundly.
func (e *Edge) look(r *http.Request, faults []*injected, now time.Time) (edge.Result, error) {
	if len(faults) == 0 {
		if len(e.faults.all()) == 0 {
			e.memory.clear()
		}
		return e.cache.Get(r, edge.Lookup{})
	}
	class, how := kindOf(r.URL.Path), edge.Lookup{NoQuery: e.forgets(faults)}
	key := e.cache.Key(r, how)
	for _, in := range faults {
		switch {
		case in.fault.cache == cacheSound:
		case in.fault.cache == cacheNegative && class == segment:
			if old := e.cache.Find(r, how); old == nil || !old.Fresh(now) {
				return e.memory.of(in, key).missing(key, now), nil
			}
		case in.fault.cache == cacheLong && class != segment:
			how.ManifestTTL = edge.TTL{Min: in.duration, Default: in.duration, Max: in.duration}
		case in.fault.cache == cacheFrozen && class != segment:
			return e.memory.of(in, key).frozen(func() (edge.Result, error) {
				if old := e.cache.Find(r, how); old != nil && old.Status == http.StatusOK {
					return old.Hit(), nil
				}
				return e.cache.Get(r, how)
			})
		case in.fault.cache == cacheOldNode && class != segment:
			res, err := e.cache.Get(r, how)
			if err != nil || res.Object.Status != http.StatusOK {
				return res, err
			}
			return e.memory.of(in, key).older(res, now.Add(-in.duration)), nil
		}
	}
	return e.cache.Get(r, how)
}

// missing answers 404 from a negative cache.
func (n *node) missing(key string, now time.Time) edge.Result {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.object != nil {
		return n.object.Hit()
	}
	n.object = &edge.Object{
		Key: key, Status: http.StatusNotFound, Header: http.Header{}, Obtained: now,
		Blob: &edge.Blob{Body: []byte(errorPage), Type: "text/html; charset=utf-8"},
	}
	return edge.Result{Object: n.object, Word: edge.WordError}
}

// frozen answers with the copy there was when the fault was first seen.
func (n *node) frozen(first func() (edge.Result, error)) (edge.Result, error) {
	n.mu.Lock()
	held := n.object
	n.mu.Unlock()
	if held != nil {
		return held.Hit(), nil
	}
	res, err := first()
	if err == nil && res.Object.Status == http.StatusOK && res.Whole() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.object == nil {
			n.object = res.Object
		}
	}
	return res, err
}

// older answers every other request with the newest version that was obtained
// before a moment, else with the oldest there is.
func (n *node) older(res edge.Result, before time.Time) edge.Result {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := len(n.versions) - 1; last < 0 || n.versions[last].Blob != res.Object.Blob {
		n.versions = append(n.versions, res.Object)
	}
	for len(n.versions) > 1 && !n.versions[1].Obtained.After(before) {
		n.versions = n.versions[1:]
	}
	n.asked++
	if n.asked%2 == 1 {
		return res
	}
	return n.versions[0].Hit()
}

// forgets reports whether a fault makes the edge drop delivery directives.
func (e *Edge) forgets(faults []*injected) bool {
	return slices.ContainsFunc(faults, func(in *injected) bool { return in.fault.cache == cacheForgets })
}
