//go:build unix

package monitor

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// BenchmarkPoll compares one whole poll of an edge (fetch over loopback, read,
// judge, samples) with a bare request for the same playlist, server and client
// in one process. Batches of the three alternate in one run, and what is
// reported is processor time, which a busy machine disturbs less than the clock.
func BenchmarkPoll(b *testing.B) {
	var sequence atomic.Int64
	sequence.Store(1000)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		w.Header().Set("Cache-Control", "max-age=1")
		_, _ = w.Write(sixSegments(sequence.Load()))
	}))
	defer srv.Close()
	m := New(Options{Event: "bench", Edge: srv.URL, Segments: SegmentsNone})
	s := newStream(m, Stream{Name: "main", Manifest: "/p.m3u8"})
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	s.ctx = ctx
	l := newLoop(ctx, s, probe.Target{Stream: "main", Rendition: "720p", Side: probe.Edge, URL: srv.URL + "/p.m3u8"})
	s.loops = []*loop{l}
	s.announce()
	poll := func() {
		l.poll(ctx)
	}
	plain := &http.Client{Transport: &http.Transport{}}
	bare := func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/p.m3u8", nil)
		if err != nil {
			b.Fatal(err)
		}
		resp, err := plain.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
	}
	changed := func() {
		sequence.Add(1)
		poll()
	}
	for _, one := range []struct {
		name string
		run  func()
	}{{"bare", bare}, {"unchanged", poll}, {"changed", changed}} {
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				one.run()
			}
		})
	}
	b.Run("ratio", func(b *testing.B) {
		var base, same, fresh []float64
		for b.Loop() {
			x := processorTime(b, bare)
			base = append(base, x)
			same = append(same, processorTime(b, poll)/x)
			fresh = append(fresh, processorTime(b, changed)/x)
		}
		b.ReportMetric(median(base), "bare-cpu-ns/op")
		b.ReportMetric(median(same), "unchanged/bare")
		b.ReportMetric(median(fresh), "changed/bare")
		b.ReportMetric(0, "ns/op")
	})
}

// processorTime is what one of 400 runs takes of the processor, in nanoseconds.
func processorTime(b *testing.B, run func()) float64 {
	b.Helper()
	const batch = 400
	before := proctest.CPU(b)
	for range batch {
		run()
	}
	return float64(proctest.CPU(b)-before) / batch
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func sixSegments(first int64) []byte {
	text := fmt.Appendf(make([]byte, 0, 1024),
		"#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n", first)
	epoch := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for i := first; i < first+6; i++ {
		when := epoch.Add(time.Duration(i) * 2 * time.Second)
		text = append(text, "#EXT-X-PROGRAM-DATE-TIME:"...)
		text = when.AppendFormat(text, "2006-01-02T15:04:05.000Z07:00")
		text = fmt.Appendf(text, "\n#EXTINF:2.000,\nsegment%d.ts\n", i)
	}
	return text
}
