package fetch_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/fetch"
)

// BenchmarkGet compares a fetch with a bare request for the same playlist over
// loopback, server and client in one process.
func BenchmarkGet(b *testing.B) {
	playlist := []byte("#EXTM3U\n" + strings.Repeat("#EXTINF:6.006,\nsegment-000000000000000000000001.ts\n", 14)[:700-8])
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/vnd.apple.mpegurl")
		h.Set("Cache-Control", "max-age=3")
		h.Set("ETag", `"65a1b2c3-2bc"`)
		h.Set("Last-Modified", "Mon, 23 Nov 2026 05:49:00 GMT")
		_, _ = w.Write(playlist)
	}))
	defer srv.Close()

	b.Run("bare", func(b *testing.B) {
		c := &http.Client{Transport: &http.Transport{}}
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv.URL, nil)
			if err != nil {
				b.Fatal(err)
			}
			resp, err := c.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || len(body) != len(playlist) {
				b.Fatal(err)
			}
			_ = resp.Body.Close()
		}
	})
	b.Run("fetch", func(b *testing.B) {
		c := fetch.New(fetch.Options{})
		defer c.Close()
		into := make([]byte, 0, 4096)
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		b.ReportAllocs()
		for b.Loop() {
			body, ex := c.Do(ctx, fetch.Request{URL: srv.URL, Into: into})
			if !ex.OK() || len(body) != len(playlist) {
				b.Fatal(ex.Error)
			}
		}
	})
}
