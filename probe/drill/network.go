package drill

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// untilEnd is a transport whose requests end with the event: an edge waits for
// its origin for longer than anybody waits for a drill.
type untilEnd struct {
	next  http.RoundTripper
	ended context.Context
}

// RoundTrip passes on.
func (u *untilEnd) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	stop := context.AfterFunc(u.ended, func() { cancel(context.Canceled) })
	done := func() { stop(); cancel(nil) }
	resp, err := u.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		done()
		return nil, err //nolint:wrapcheck // a transport's error is the transport's
	}
	resp.Body = &closing{resp.Body, done}
	return resp, nil
}

// closing calls a function when a body is closed.
type closing struct {
	io.ReadCloser
	then func()
}

// Close closes the body first.
func (c *closing) Close() error {
	err := c.ReadCloser.Close()
	c.then()
	return err //nolint:wrapcheck // a body's error is the body's
}

// apart is a network on which each request takes a moment of its own, up to two
// milliseconds: which of two that were sent at once is answered first does not
// depend on the scheduler.
type apart struct {
	next http.RoundTripper

	mu    sync.Mutex
	asked map[string]int // by URL
}

// RoundTrip waits and passes on.
func (a *apart) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	n := a.asked[r.URL.String()]
	a.asked[r.URL.String()]++
	a.mu.Unlock()
	h := fnv.New64a()
	fmt.Fprint(h, r.Method, r.URL, r.Header["Range"], n)
	trip := time.Duration(h.Sum64() % uint64(time.Millisecond))
	if !probe.Pause(r.Context(), trip) {
		return nil, context.Cause(r.Context()) //nolint:wrapcheck // a transport's error is the transport's
	}
	resp, err := a.next.RoundTrip(r)
	<-time.After(trip) // what waited for the same moment, or until it, is not told in it
	return resp, err   //nolint:wrapcheck // likewise
}
