package edge

import (
	"container/list"
	"net/http"
	"sync"
	"time"
)

// Object is a cached answer. It does not change: a revalidation replaces it.
type Object struct {
	Key      string
	Status   int
	Header   http.Header // as viewers get it, without what belongs to one hop
	Blob     *Blob
	Obtained time.Time // when the origin was asked for it last

	fill    int64 // the number of the request that brought it
	expires time.Time
	grace   time.Time // until this it is served though it has expired, while the origin is asked
	spoils  time.Time // after this it is not served while the origin fails; zero is never
}

// Fresh reports whether the object may be served without asking the origin.
func (o *Object) Fresh(now time.Time) bool { return now.Before(o.expires) }

// Hit is a result from the cache.
func (o *Object) Hit() Result {
	if o.Status >= http.StatusBadRequest {
		return Result{Object: o, Word: WordError, aged: true}
	}
	return Result{Object: o, Word: WordHit, aged: true}
}

// size is what an object weighs in the cache: text is kept compressed too.
func (o *Object) size() int64 {
	const overhead = 1024
	return int64(len(o.Blob.Body))*5/4 + overhead
}

// Cache keeps the objects that were used last, within a number of bytes.
type Cache struct {
	limit int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of *Object, the last used first
	byKey map[string]*list.Element
}

// NewCache returns an empty cache of a number of bytes.
func NewCache(limit int64) *Cache {
	return &Cache{limit: limit, order: list.New(), byKey: map[string]*list.Element{}}
}

// Find returns the object with a key, expired or not, else nil.
func (c *Cache) Find(key string) *Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*Object)
}

// Store keeps an object in place of the one with its key.
func (c *Cache) Store(o *Object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(o.Key)
	if o.size() > c.limit {
		return
	}
	c.byKey[o.Key] = c.order.PushFront(o)
	c.bytes += o.size()
	for c.bytes > c.limit {
		c.remove(c.order.Back().Value.(*Object).Key)
	}
}

// drop forgets a key.
func (c *Cache) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(key)
}

func (c *Cache) remove(key string) {
	if e, ok := c.byKey[key]; ok {
		c.bytes -= c.order.Remove(e).(*Object).size()
		delete(c.byKey, key)
	}
}
