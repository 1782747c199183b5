package sim

import (
	"bytes"
	"container/list"
	"net/http"
	"sync"
	"time"
)

// object is a cached answer. It does not change: a revalidation replaces it.
type object struct {
	key      string
	status   int
	header   http.Header // as viewers get it, without what belongs to one hop
	blob     *blob
	fill     int64     // the number of the request that brought it
	obtained time.Time // when the origin was asked for it last
	expires  time.Time
	grace    time.Time // until this it is served though it has expired, while the origin is asked
	spoils   time.Time // after this it is not served while the origin fails; zero is never
}

// hit is a result from the cache.
func (o *object) hit() result {
	if o.status >= http.StatusBadRequest {
		return result{object: o, word: WordError, aged: true}
	}
	return result{object: o, word: WordHit, aged: true}
}

// playlistKind tells a multivariant playlist from a media playlist.
func (o *object) playlistKind() kind {
	if bytes.Contains(o.blob.body, []byte("#EXT-X-STREAM-INF")) {
		return multivariant
	}
	return mediaPlaylist
}

// size is what an object weighs in the cache: text is kept compressed too.
func (o *object) size() int64 {
	const overhead = 1024
	return int64(len(o.blob.body))*5/4 + overhead
}

// cache keeps the objects that were used last, within a number of bytes.
type cache struct {
	limit int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of *object, the last used first
	byKey map[string]*list.Element
}

func newCache(limit int64) *cache {
	return &cache{limit: limit, order: list.New(), byKey: map[string]*list.Element{}}
}

// find returns the object with a key, expired or not, else nil.
func (c *cache) find(key string) *object {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*object)
}

// store keeps an object in place of the one with its key.
func (c *cache) store(o *object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(o.key)
	if o.size() > c.limit {
		return
	}
	c.byKey[o.key] = c.order.PushFront(o)
	c.bytes += o.size()
	for c.bytes > c.limit {
		c.remove(c.order.Back().Value.(*object).key)
	}
}

// drop forgets a key.
func (c *cache) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(key)
}

func (c *cache) remove(key string) {
	if e, ok := c.byKey[key]; ok {
		c.bytes -= c.order.Remove(e).(*object).size()
		delete(c.byKey, key)
	}
}
