package edge_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

func TestEdgeTTL(t *testing.T) {
	minute := edge.TTL{Min: 0, Default: 20 * time.Second, Max: time.Minute}
	tests := map[string]struct {
		ttl    edge.TTL
		header string
		life   time.Duration
	}{
		"the origin says nothing":      {minute, "", 20 * time.Second},
		"max-age is obeyed":            {minute, "max-age=7", 7 * time.Second},
		"s-maxage goes before max-age": {minute, "max-age=7, s-maxage=9", 9 * time.Second},
		"max-age beyond the maximum":   {minute, "max-age=3600", time.Minute},
		"max-age zero":                 {minute, "max-age=0", 0},
		"no-store without a minimum":   {minute, "no-store", 0},
		"no-cache under a minimum": {
			edge.TTL{2 * time.Second, 5 * time.Second, 9 * time.Second},
			"no-cache",
			2 * time.Second,
		},
		"max-age below the minimum": {
			edge.TTL{2 * time.Second, 5 * time.Second, 9 * time.Second},
			"max-age=1",
			2 * time.Second,
		},
		"private without a minimum":     {minute, "private, max-age=30", 0},
		"max-age that cannot be read":   {minute, "max-age=soon", 20 * time.Second},
		"max-age larger than any clock": {minute, "max-age=2147483647", time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, u := edgeOver(t, edge.Config{ManifestTTL: tt.ttl})
				u.set(200, "one", "Cache-Control: "+tt.header)
				w.want("/a/p.m3u8", "one", "Miss", 200, none)
				if tt.life == 0 {
					w.want("/a/p.m3u8", "one", "Miss", 200, none)
					return
				}
				time.Sleep(tt.life - time.Millisecond)
				w.want("/a/p.m3u8", "one", "Hit", 200, int((tt.life-time.Millisecond)/time.Second))
				time.Sleep(time.Millisecond)
				w.want("/a/p.m3u8", "one", "Miss", 200, none)
			})
		})
	}
}

func TestEdgeRevalidates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{})
		u.set(200, "one", `ETag: "1"`, "Cache-Control: max-age=2")
		w.want("/p.m3u8", "one", "Miss", 200, none)
		time.Sleep(2 * time.Second)
		w.want("/p.m3u8", "one", "RefreshHit", 200, none)
		time.Sleep(time.Second)
		w.want("/p.m3u8", "one", "Hit", 200, 1) // the age counts from the refresh
		time.Sleep(time.Second)
		u.set(200, "two", `ETag: "2"`)
		w.want("/p.m3u8", "two", "Miss", 200, none)
	})
}

func TestEdgeStaleWhileTheOriginFails(t *testing.T) {
	failures := map[string]func(w *world, u *upstream){
		"5xx":     func(_ *world, u *upstream) { u.set(503, "sorry") },
		"refused": func(w *world, _ *upstream) { delete(w.hosts, "origin.test") },
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, u := edgeOver(t, edge.Config{})
				w.want("/p.m3u8", "one", "Miss", 200, none)
				fail(w, u)
				time.Sleep(5 * time.Second)
				w.want("/p.m3u8", "one", "RefreshHit", 200, none)
				asked := u.asked.Load()
				w.want("/p.m3u8", "one", "Hit", 200, 5) // within the error TTL the origin has peace
				if u.asked.Load() != asked {
					t.Error("the origin was asked again within the error TTL")
				}
				time.Sleep(time.Hour)
				w.want("/p.m3u8", "one", "RefreshHit", 200, none)
				w.hosts["origin.test"] = u
				u.set(200, "back")
				time.Sleep(time.Second)
				w.want("/p.m3u8", "back", "Miss", 200, none)
			})
		})
	}
}

func TestEdgeStaleIfErrorBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{})
		u.set(200, "one", "Cache-Control: max-age=1, stale-if-error=4")
		w.want("/p.m3u8", "one", "Miss", 200, none)
		u.set(500, "sorry")
		time.Sleep(4 * time.Second)
		w.want("/p.m3u8", "one", "RefreshHit", 200, none)
		time.Sleep(2 * time.Second)
		w.want("/p.m3u8", "sorry", "Error", 500, none)
	})
}

func TestEdgeErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := edgeOver(t, edge.Config{ErrorTTL: 10 * time.Second})
		u.set(404, "not yet")
		w.want("/s.ts", "not yet", "Error", 404, none)
		u.set(200, "one")
		time.Sleep(4 * time.Second)
		w.want("/s.ts", "not yet", "Error", 404, 4) // the negative cache
		time.Sleep(6 * time.Second)
		w.want("/s.ts", "one", "Miss", 200, none)

		u.set(200, "one")
		w.want("/p.m3u8", "one", "Miss", 200, none)
		u.set(403, "no")
		time.Sleep(5 * time.Second)
		w.want("/p.m3u8", "no", "Error", 403, none) // a 4xx replaces what there was
		u.set(500, "sorry")
		w.want("/p.m3u8", "sorry", "Error", 500, none) // and nothing is left to fall back on

		delete(w.hosts, "origin.test")
		w.want("/new.m3u8", "", "Error", 502, none)
	})
}
