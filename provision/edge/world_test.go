package edge_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// upstream is an origin whose answers a test sets.
type upstream struct {
	mu      sync.Mutex
	asked   atomic.Int64
	status  int
	header  map[string]string
	body    string
	delay   time.Duration
	request http.Header
}

func (u *upstream) set(status int, body string, header ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.status, u.body, u.header = status, body, map[string]string{}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		u.header[name] = value
	}
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.asked.Add(1)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.request = r.Header.Clone()
	if u.delay > 0 {
		pause(r.Context(), u.delay)
	}
	for name, value := range u.header {
		w.Header().Set(name, value)
	}
	if tag := u.header["ETag"]; tag != "" && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(u.status)
	_, _ = w.Write([]byte(u.body))
}

// got is one answer as a client sees it.
type got struct {
	status int
	header http.Header
	body   string
	err    error
	took   time.Duration
}

func (g got) cache() string { word, _, _ := strings.Cut(g.header.Get("X-Cache"), " "); return word }

func (g got) age() int {
	n, err := strconv.Atoi(g.header.Get("Age"))
	if err != nil {
		return -1
	}
	return n
}

// world is an edge over an upstream.
type world struct {
	t     *testing.T
	hosts sim.Hosts
}

// edgeOver puts an edge before an upstream, in a bubble.
func edgeOver(t *testing.T, c edge.Config) (*world, *upstream) {
	t.Helper()
	u := &upstream{}
	u.set(200, "one")
	w := &world{t: t, hosts: sim.Hosts{"origin.test": u}}
	c.Origin, c.Transport = &url.URL{Scheme: "http", Host: "origin.test"}, w.hosts
	w.hosts["edge.test"] = edge.New(c)
	return w, u
}

// get fetches a URL with header lines "Name: value".
func (w *world) get(u string, header ...string) got { return w.do(http.MethodGet, u, header...) }

func (w *world) do(method, u string, header ...string) got {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+u, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	began := time.Now()
	resp, err := w.hosts.RoundTrip(req)
	if err != nil {
		return got{err: err, took: time.Since(began)}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header, string(body), err, time.Since(began)}
}

// pause waits, or ends the handler when the client has gone.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

func (w *world) want(path, body, cache string, status, age int) {
	w.t.Helper()
	g := w.get("edge.test" + path)
	if g.err != nil || g.status != status || g.cache() != cache || g.age() != age || body != "" && g.body != body {
		w.t.Errorf("%s: %v %d %q %s age %d, want %d %q %s age %d", path, g.err, g.status, g.body[:min(40, len(g.body))],
			g.cache(), g.age(), status, body, cache, age)
	}
}

const none = -1 // no Age
