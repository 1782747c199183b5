// Package edgetest is a client of a cache, for its own tests and for those of the
// faults around it.
//
// The rule that keeps it simple: it asks handlers over a transport that the test
// gives, and decides nothing about an answer.
package edgetest

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Got is one answer as a client sees it.
type Got struct {
	Status int
	Header http.Header
	Body   string
	Err    error
	Took   time.Duration
}

// Cache is what the cache made of the request: the first word of X-Cache.
func (g Got) Cache() string { word, _, _ := strings.Cut(g.Header.Get("X-Cache"), " "); return word }

// Age is that of the answer in seconds, -1 where it states none.
func (g Got) Age() int {
	n, err := strconv.Atoi(g.Header.Get("Age"))
	if err != nil {
		return -1
	}
	return n
}

// Client asks the servers of a test.
type Client struct {
	T       *testing.T
	Servers http.RoundTripper
	Limit   time.Duration // of a request; zero is 30 s
}

// Get fetches "host/path" with header lines "Name: value", for as long as the limit.
func (c *Client) Get(u string, header ...string) Got { return c.Do(http.MethodGet, u, header...) }

// Do is Get with another method.
func (c *Client) Do(method, u string, header ...string) Got {
	c.T.Helper()
	ctx, cancel := context.WithTimeout(c.T.Context(), cmp.Or(c.Limit, 30*time.Second))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+u, nil)
	if err != nil {
		c.T.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	began := time.Now()
	resp, err := c.Servers.RoundTrip(req)
	if err != nil {
		return Got{Err: err, Took: time.Since(began)}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return Got{resp.StatusCode, resp.Header, string(body), err, time.Since(began)}
}
