package player_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
)

// collector takes the beacons of pages elsewhere, as a monitor does.
type collector struct {
	url string

	mu   sync.Mutex
	told []map[string]any
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		one := map[string]any{"method": r.Method, "type": r.Header.Get("Content-Type")}
		_ = json.Unmarshal(b, &one)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.told = append(c.told, one)
	}))
	t.Cleanup(srv.Close)
	c.url = srv.URL + "/api/v1/beacon"
	return c
}

// take returns what came since the last call.
func (c *collector) take() []map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	told := c.told
	c.told = nil
	return told
}

// A page reports to another origin without asking it first, when it is left:
// how soon it played, for how long, and nothing that says who looked. Who had to
// wait for the stream counts as one failed start, and as none before its time.
func TestMeter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		away   time.Duration // for how long the stream is not there
		early  time.Duration // how long before its start the page is opened
		errors any
	}{
		{"there", 0, 0, nil},
		{"not there", 4 * time.Second, 0, 1.0},
		{"not there before its time", 4 * time.Second, 70 * time.Second, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l, told := onAir(t, false), newCollector(t)
			ctx := browser(t)
			opt := player.Options{Beacon: told.url}
			if c.early > 0 {
				opt.Starts = time.Now().Add(c.early)
			}
			srv := preview(t, l.url(), benchFacts(), opt)
			if c.away > 0 { // from the first request on: a busy machine opens pages slowly
				comes := sync.OnceFunc(func() { time.AfterFunc(c.away, func() { l.set(nil) }) })
				l.set(func(w http.ResponseWriter, _ *http.Request) bool {
					comes()
					w.WriteHeader(http.StatusNotFound)
					return true
				})
			}
			open(ctx, t, srv.URL+"/embed/main/hlsjs")
			played(ctx, t, 3*time.Second)
			if v := eval[[]string](ctx, t, "window.violations"); len(v) > 0 {
				t.Errorf("the page violates its own policy: %v", v)
			}
			open(ctx, t, "about:blank")
			time.Sleep(500 * time.Millisecond)
			got := told.take()
			if len(got) != 1 {
				t.Fatalf("it reported %v", got)
			}
			one := got[0]
			if one["method"] != "POST" || one["type"] != "text/plain;charset=UTF-8" {
				t.Errorf("%v %v would need a permission first", one["method"], one["type"])
			}
			if p, _ := one["played_seconds"].(float64); p < 2.5 || p > 8 {
				t.Errorf("played %v s", one["played_seconds"])
			}
			if s, ok := one["startup_seconds"].(float64); ok != (c.away == 0) || s > 10 {
				t.Errorf("startup %v", one["startup_seconds"])
			}
			if one["errors"] != c.errors {
				t.Errorf("errors %v, want %v", one["errors"], c.errors)
			}
			for key := range one {
				switch key {
				case "method", "type", "event", "stream", "kind", "startup_seconds", "played_seconds", "latency_seconds",
					"stalls", "stall_seconds", "errors":
				default:
					t.Errorf("it tells %s", key)
				}
			}
		})
	}
}
