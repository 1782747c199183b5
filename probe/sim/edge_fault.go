package sim

import (
	"net/http"
	"sync"
	"time"
)

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
	object   *object   // frozen, or a negative answer
	versions []*object // the playlist over time, the oldest first
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

// faulty answers a request as the faults of the cache want it, else soundly.
func (e *Edge) faulty(r *http.Request, faults []*injected, now time.Time) (result, error) {
	class, ttl := kindOf(r.URL.Path), e.config.ManifestTTL
	if class == segment {
		ttl = e.config.SegmentTTL
	}
	key := r.URL.EscapedPath() + "?" + e.query(r)
	for _, in := range faults {
		switch {
		case in.fault.cache == cacheSound:
		case in.fault.cache == cacheNegative && class == segment:
			if old := e.cache.find(key); old == nil || !now.Before(old.expires) {
				return e.memory.of(in, key).missing(key, now), nil
			}
		case in.fault.cache == cacheLong && class != segment:
			ttl = TTL{Min: in.duration, Default: in.duration, Max: in.duration}
		case in.fault.cache == cacheFrozen && class != segment:
			return e.memory.of(in, key).frozen(func() (result, error) {
				if old := e.cache.find(key); old != nil && old.status == http.StatusOK {
					return old.hit(), nil
				}
				return e.sound(r, ttl)
			})
		case in.fault.cache == cacheOldNode && class != segment:
			res, err := e.sound(r, ttl)
			if err != nil || res.object.status != http.StatusOK {
				return res, err
			}
			return e.memory.of(in, key).older(res, now.Add(-in.duration)), nil
		}
	}
	if len(faults) == 0 && len(e.config.Faults.all()) == 0 {
		e.memory.clear()
	}
	return e.sound(r, ttl)
}

// missing answers 404 from a negative cache.
func (n *node) missing(key string, now time.Time) result {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.object != nil {
		return n.object.hit()
	}
	n.object = &object{
		key: key, status: http.StatusNotFound, header: http.Header{}, obtained: now,
		blob: &blob{body: []byte(errorPage), kind: "text/html; charset=utf-8"},
	}
	return result{object: n.object, word: WordError}
}

// frozen answers with the copy there was when the fault was first seen.
func (n *node) frozen(first func() (result, error)) (result, error) {
	n.mu.Lock()
	held := n.object
	n.mu.Unlock()
	if held != nil {
		return held.hit(), nil
	}
	res, err := first()
	if err == nil && res.object.status == http.StatusOK && res.tail == nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.object == nil {
			n.object = res.object
		}
	}
	return res, err
}

// older answers every other request with the newest version that was obtained
// before a moment, else with the oldest there is.
func (n *node) older(res result, before time.Time) result {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := len(n.versions) - 1; last < 0 || n.versions[last].blob != res.object.blob {
		n.versions = append(n.versions, res.object)
	}
	for len(n.versions) > 1 && !n.versions[1].obtained.After(before) {
		n.versions = n.versions[1:]
	}
	n.asked++
	if n.asked%2 == 1 {
		return res
	}
	return n.versions[0].hit()
}

// forgets reports whether a fault makes the edge drop delivery directives.
func (e *Edge) forgets(r *http.Request) bool {
	for _, in := range e.config.Faults.edge(e.config.Label, r.URL.Path, time.Now()) {
		if in.fault.cache == cacheForgets {
			return true
		}
	}
	return false
}
