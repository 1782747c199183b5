package edge_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

// A viewer who asks for a stale playlist as often as the edge may ask the
// origin gets it asked each time, not every other time.
func TestEdgeKeepsPaceWithItsViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{})
		w.want("/p.m3u8", "one", "Miss", 200, none)
		u.set(503, "sorry")
		u.delay = 5 * time.Millisecond
		u.asked.Store(0)
		next := time.Now()
		for range 5 {
			next = next.Add(time.Second)
			time.Sleep(time.Until(next))
			w.Get("edge.test/p.m3u8")
		}
		if n := u.asked.Load(); n != 5 {
			t.Errorf("5 viewers a second apart made %d requests to the origin", n)
		}
	})
}

func TestEdgeTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{ReadTimeout: 5 * time.Second})
		u.delay = time.Minute
		g := w.Get("edge.test/p.m3u8")
		if g.Status != 504 || g.Took > 8*time.Second || strings.Contains(g.Body, "origin.test") {
			t.Errorf("a hanging origin: %d after %v, %s", g.Status, g.Took, g.Body)
		}
	})
}

func TestEdgeCollapses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{})
		u.delay = time.Second
		var wg sync.WaitGroup
		var words sync.Map
		for i := range 50 {
			wg.Go(func() {
				g := w.Get("edge.test/p.m3u8")
				words.Store(i, fmt.Sprint(g.Status, g.Cache(), g.Body))
			})
		}
		wg.Wait()
		if n := u.asked.Load(); n != 1 {
			t.Errorf("50 viewers made %d requests to the origin", n)
		}
		misses := 0
		words.Range(func(_, v any) bool {
			if v == "200Missone" || v == "200 Miss one" {
				misses++
			} else if v != "200 Hit one" && v != "200Hitone" {
				t.Errorf("a viewer saw %v", v)
			}
			return true
		})
		if misses != 1 {
			t.Errorf("%d viewers saw a miss, want 1", misses)
		}
	})
}

func TestEdgeUncacheableIsNotQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{ManifestTTL: edge.TTL{Max: time.Second}})
		u.set(200, "one", "Cache-Control: no-store")
		w.hosts["origin.test"] = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			pause(r.Context(), time.Second)
			u.ServeHTTP(rw, r)
		})
		began := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { w.Get("edge.test/p.m3u8") })
		}
		wg.Wait()
		if d := time.Since(began); d > 3*time.Second {
			t.Errorf("20 viewers of what cannot be cached took %v: they waited for each other", d)
		}
	})
}

func TestEdgeViewerLeavesOthersStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{})
		u.delay = 2 * time.Second
		var wg sync.WaitGroup
		wg.Go(func() {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://edge.test/p.m3u8", nil)
			client := http.Client{Transport: w.hosts, Timeout: time.Second}
			if resp, err := client.Do(req); err == nil {
				_ = resp.Body.Close()
				t.Error("the first viewer was answered")
			}
		})
		time.Sleep(500 * time.Millisecond)
		w.want("/p.m3u8", "one", "Hit", 200, 2) // age runs from the request
		wg.Wait()
	})
}

func TestEdgeHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{Headers: http.Header{"X-Origin-Verify": {"s3cret"}}, Pop: "TST1-C1"})
		u.set(200, "one", "X-Origin-Verify: s3cret", "Set-Cookie: a=b", "Connection: X-Hop", "X-Hop: 1", "X-Kept: yes",
			"Age: 99", "Server: x")
		g := w.Get("edge.test/p.m3u8?token=abc&_HLS_msn=4")
		if got := u.request.Get("X-Origin-Verify"); got != "s3cret" {
			t.Errorf("the origin got the header %q", got)
		}
		for _, name := range []string{"X-Origin-Verify", "Set-Cookie", "X-Hop", "Age"} {
			if v := g.Header.Get(name); v != "" {
				t.Errorf("a viewer sees %s: %s", name, v)
			}
		}
		for name, want := range map[string]string{
			"X-Kept": "yes", "X-Cache": "Miss from cloudfront",
			"X-Amz-Cf-Pop": "TST1-C1", "Access-Control-Allow-Origin": "*",
		} {
			if v := g.Header.Get(name); v != want {
				t.Errorf("%s is %q, want %q", name, v, want)
			}
		}
		if !strings.HasSuffix(g.Header.Get("Via"), ".cloudfront.net (CloudFront)") || len(g.Header.Get("X-Amz-Cf-Id")) < 20 {
			t.Errorf("headers: %v", g.Header)
		}
		if again := w.Get("edge.test/p.m3u8?_HLS_msn=4&token=other"); again.Cache() != "Hit" ||
			again.Header.Get("X-Amz-Cf-Id") == g.Header.Get("X-Amz-Cf-Id") {
			t.Errorf("another token: %s, id %s", again.Cache(), again.Header.Get("X-Amz-Cf-Id"))
		}
		if other := w.Get("edge.test/p.m3u8?_HLS_msn=5"); other.Cache() != "Miss" {
			t.Errorf("another _HLS_msn: %s", other.Cache())
		}
		if put := w.Do(http.MethodPut, "edge.test/p.m3u8"); put.Status != 405 {
			t.Errorf("PUT: %d", put.Status)
		}
	})
}

func TestEdgePassesLargeObjectsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{ObjectBytes: 1000})
		u.set(200, strings.Repeat("x", 5000))
		for range 2 {
			if g := w.Get("edge.test/film.mp4"); g.Cache() != "Miss" || len(g.Body) != 5000 || g.Err != nil {
				t.Errorf("%s, %d bytes, %v", g.Cache(), len(g.Body), g.Err)
			}
		}
		slow := &http.Client{Transport: w.hosts}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://edge.test/film.mp4", nil)
		resp, err := slow.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // a viewer who pauses is no origin that hangs
		if body, err := io.ReadAll(resp.Body); err != nil || len(body) != 5000 {
			t.Errorf("after a pause: %d bytes, %v", len(body), err)
		}
		_ = resp.Body.Close()
		u.set(200, strings.Repeat("x", 500), "Content-Length: 5000")
		if g := w.Get("edge.test/film.mp4"); g.Err == nil {
			t.Error("a large object that the origin cut looks whole")
		}
		u.set(200, strings.Repeat("x", 500), "Content-Length: 900")
		if g := w.Get("edge.test/cut.ts"); g.Status != 502 {
			t.Errorf("a small object that the origin cut answers %d", g.Status)
		}
	})
}

func TestNegativeTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{NegativeTTL: 20 * time.Second, ErrorTTL: -1})
		u.set(404, "no")
		w.want("/s.ts", "no", "Error", 404, none)
		u.set(200, "one")
		time.Sleep(19 * time.Second)
		w.want("/s.ts", "no", "Error", 404, 19)
		time.Sleep(time.Second)
		w.want("/s.ts", "one", "Miss", 200, none)
	})
}

// A copy is served while the origin fails for as long as the option says.
func TestStaleIfErrorOfTheEdge(t *testing.T) {
	for limit, want := range map[time.Duration][2]int{0: {200, 200}, -1: {500, 500}, 10 * time.Second: {200, 500}} {
		synctest.Test(t, func(t *testing.T) {
			w, u := edgeOver(t, edge.Config{StaleIfError: limit})
			w.want("/p.m3u8", "one", "Miss", 200, none)
			u.set(500, "sorry")
			var got [2]int
			time.Sleep(5 * time.Second)
			got[0] = w.Get("edge.test/p.m3u8").Status
			time.Sleep(10 * time.Second)
			got[1] = w.Get("edge.test/p.m3u8").Status
			if got != want {
				t.Errorf("StaleIfError %s: %v, want %v", limit, got, want)
			}
		})
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := edge.NewCache(10 * 2274) // ten objects of a thousand bytes
	kept := func() (n int) {
		for i := range 100 {
			if c.Find(fmt.Sprint(i)) != nil {
				n++
			}
		}
		return n
	}
	for i := range 100 {
		c.Store(&edge.Object{Key: fmt.Sprint(i), Blob: &edge.Blob{Body: make([]byte, 1000)}})
		c.Find("0")
	}
	if c.Find("0") == nil || c.Find("50") != nil || c.Find("99") == nil || kept() != 10 {
		t.Errorf("%d objects, want the 10 that were used last", kept())
	}
	c.Store(&edge.Object{Key: "0", Blob: &edge.Blob{Body: make([]byte, 100000)}})
	if c.Find("0") != nil {
		t.Error("what is larger than the cache was kept")
	}
}
