package cloudwatch

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/store"
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

// accepting takes everything, and notes how much memory is in use meanwhile.
type accepting struct {
	datums int
	peak   uint64 // bytes
}

func (a *accepting) look() {
	m := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(m)
	a.peak = max(a.peak, m[0].Value.Uint64())
}

func (a *accepting) PutMetricData(
	_ context.Context, in *sdk.PutMetricDataInput, _ ...func(*sdk.Options),
) (*sdk.PutMetricDataOutput, error) {
	a.look()
	a.datums += len(in.MetricData)
	return &sdk.PutMetricDataOutput{}, nil
}

// watched looks at the memory in use whenever the spool is asked.
type watched struct {
	*store.Store
	a *accepting
}

func (w watched) Unsent(ctx context.Context, at time.Time, part int) ([]probe.Unsent, error) {
	w.a.look()
	return w.Store.Unsent(ctx, at, part)
}

func (w watched) ExchangeUnsent(ctx context.Context, remove []int64, add []probe.Unsent) error {
	w.a.look()
	return w.Store.ExchangeUnsent(ctx, remove, add)
}

// What a minute of 5,000 streams costs: two sides, polled every three seconds,
// twelve samples each. MiB is the most that is in use while it is merged and sent.
func BenchmarkPeriod(b *testing.B) {
	db, err := store.Open(b.TempDir(), "e", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	a := &accepting{}
	s := New(Options{Event: "e", Spool: watched{db, a}, Put: a})
	names := make([]string, 5000)
	for i := range names {
		names[i] = fmt.Sprint("stream", i)
	}
	at := time.Now().Add(-time.Hour).Truncate(time.Minute)
	samples := make([]probe.Sample, 0, 24)
	for b.Loop() {
		for second := range 60 {
			for i := second % 3; i < len(names); i += 3 {
				samples = samples[:0]
				for n, m := range probe.Catalog()[:12] {
					for _, side := range []probe.Side{probe.Origin, probe.Edge} {
						samples = append(samples, probe.Sample{
							Metric: m, Stream: names[i], Rendition: "720p", Side: side, Value: float64((i+second+n)%17) / 10, At: at,
						})
					}
				}
				_ = s.Write(b.Context(), probe.Batch{Samples: samples})
			}
			if at = at.Add(time.Second); s.spoolFresh(b.Context()) != nil {
				b.Fatal("not spooled")
			}
		}
		runtime.GC()
		if err := s.seal(b.Context(), at); err != nil {
			b.Fatal(err)
		}
		if _, err := s.deliver(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(a.peak)/(1<<20), "MiB")
	b.ReportMetric(float64(a.datums)/float64(b.N), "datums")
}
