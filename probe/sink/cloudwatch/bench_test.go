package cloudwatch

import (
	"fmt"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// What a batch costs, with the way to the spool: 500 streams, ten samples each.
func BenchmarkWrite(b *testing.B) {
	s := New(Options{Event: "e", Spool: &memory{}})
	batches := make([]probe.Batch, 500)
	for i := range batches {
		for _, m := range probe.Catalog()[:10] {
			batches[i].Samples = append(batches[i].Samples, probe.Sample{
				Metric: m, Stream: fmt.Sprint("stream", i), Rendition: "720p", Side: probe.Edge, Value: float64(i), At: time.Now(),
			})
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		_ = s.Write(b.Context(), batches[n%len(batches)])
		if n++; n%1000 == 0 {
			if err := s.spoolFresh(b.Context()); err != nil {
				b.Fatal(err)
			}
			s.o.Spool.(*memory).rows = nil
		}
	}
}
