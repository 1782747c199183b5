//go:build unix

package fetch_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// BenchmarkGet compares a fetch with a bare request for the same playlist over
// loopback, server and client in one process. "ratio" alternates between the
// two in one run and reports their processor time, which a busy machine
// disturbs less than the time on the clock.
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
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()

	plain := &http.Client{Transport: &http.Transport{}}
	bare := func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
		if err != nil {
			b.Fatal(err)
		}
		resp, err := plain.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || len(body) != len(playlist) {
			b.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	cl := fetch.New(fetch.Options{})
	defer cl.Close()
	into := make([]byte, 0, 4096)
	ours := func() {
		if body, ex := cl.Do(ctx, fetch.Request{URL: srv.URL, Into: into}); !ex.OK() || len(body) != len(playlist) {
			b.Fatal(ex.Error)
		}
	}

	for name, get := range map[string]func(){"bare": bare, "fetch": ours} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				get()
			}
		})
	}
	b.Run("ratio", func(b *testing.B) {
		const batch = 500
		var ratios, bareCPU, oursCPU []float64
		for b.Loop() {
			start := proctest.CPU(b)
			for range batch {
				bare()
			}
			half := proctest.CPU(b)
			for range batch {
				ours()
			}
			x, y := float64(half-start)/batch, float64(proctest.CPU(b)-half)/batch
			bareCPU, oursCPU, ratios = append(bareCPU, x), append(oursCPU, y), append(ratios, y/x)
		}
		b.ReportMetric(median(bareCPU), "bare-cpu-ns/op")
		b.ReportMetric(median(oursCPU), "fetch-cpu-ns/op")
		b.ReportMetric(median(ratios), "fetch/bare")
		b.ReportMetric(0, "ns/op")
	})
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
