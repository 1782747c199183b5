package edge_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/edge"
	"github.com/streamwatch/streamwatch/provision/edge/edgetest"
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

// world is an edge over an upstream.
type world struct {
	edgetest.Client
	hosts sim.Hosts
}

// edgeOver puts an edge before an upstream, in a bubble.
func edgeOver(t *testing.T, c edge.Config) (*world, *upstream) {
	t.Helper()
	u := &upstream{}
	u.set(200, "one")
	hosts := sim.Hosts{"origin.test": u}
	w := &world{edgetest.Client{T: t, Servers: hosts}, hosts}
	c.Origin, c.Transport = &url.URL{Scheme: "http", Host: "origin.test"}, w.hosts
	w.hosts["edge.test"] = edge.New(c)
	return w, u
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
	w.T.Helper()
	g := w.Get("edge.test" + path)
	if g.Err != nil || g.Status != status || g.Cache() != cache || g.Age() != age || body != "" && g.Body != body {
		w.T.Errorf("%s: %v %d %q %s age %d, want %d %q %s age %d", path, g.Err, g.Status, g.Body[:min(40, len(g.Body))],
			g.Cache(), g.Age(), status, body, cache, age)
	}
}

const none = -1 // no Age
