package store

import (
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// The series of several edges are apart, in memory and after a restart; that of
// an event with one edge is where it was before.
func TestSeriesOfEdges(t *testing.T) {
	dir := t.TempDir()
	values := map[string]float64{"": 1, "cloudfront": 2, "second": 3}
	s, _ := open(t, dir)
	for edge, v := range values {
		b := age(start, v)
		lag := probe.Sample{Metric: probe.EdgeLag, Stream: "main", Rendition: "720p", Value: 10 * v, At: start}
		for i := range b.Samples {
			b.Samples[i].Edge = edge
		}
		lag.Edge = edge
		b.Samples = append(b.Samples, lag)
		write(t, s, b)
	}
	look := func(s *Store) {
		t.Helper()
		for edge, v := range values {
			q := ageQuery
			q.Edge = edge
			ofLag := probe.SeriesQuery{Stream: "main", Rendition: "720p", Edge: edge, Metric: probe.EdgeLag}
			if got := series(t, s, q); len(got) != 1 || got[0].Last != v {
				t.Errorf("edge %q: %v, want %g", edge, got, v)
			}
			if got := series(t, s, ofLag); len(got) != 1 || got[0].Last != 10*v {
				t.Errorf("lag of edge %q: %v, want %g", edge, got, 10*v)
			}
		}
		q := ageQuery
		q.Edge = "third"
		if got := series(t, s, q); len(got) != 0 {
			t.Errorf("an edge that is unknown has %v", got)
		}
	}
	look(s)
	write(t, s, probe.Batch{At: start.Add(time.Minute)})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := open(t, dir)
	look(again)
}
