package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe"
)

var start = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string) (*Store, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.WarnLevel)
	s, err := Open(dir, "concert", zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, logs
}

func write(t *testing.T, s *Store, b probe.Batch) {
	t.Helper()
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func age(at time.Time, v float64) probe.Batch {
	return probe.Batch{At: at, Event: "concert", Stream: "main", Samples: []probe.Sample{
		{Metric: probe.ManifestAge, Stream: "main", Rendition: "720p", Side: probe.Edge, Value: v, At: at},
		{Metric: probe.ManifestAvail, Stream: "main", Rendition: "720p", Side: probe.Edge, Value: 1, At: at},
	}}
}

var ageQuery = probe.SeriesQuery{Stream: "main", Rendition: "720p", Side: probe.Edge, Metric: probe.ManifestAge}

func series(t *testing.T, s *Store, q probe.SeriesQuery) []probe.Point {
	t.Helper()
	points, err := s.Series(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return points
}

func TestSeriesSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	for i := range 25 { // 0…24 s: buckets of 10, 10 and 5 samples
		write(t, s, age(start.Add(time.Duration(i)*time.Second), float64(i)))
	}
	want := []probe.Point{
		{At: start, Min: 0, Max: 9, Mean: 4.5, Last: 9, Count: 10},
		{At: start.Add(10 * time.Second), Min: 10, Max: 19, Mean: 14.5, Last: 19, Count: 10},
		{At: start.Add(20 * time.Second), Min: 20, Max: 24, Mean: 22, Last: 24, Count: 5},
	}
	check := func(when string) {
		t.Helper()
		if got := series(t, s, ageQuery); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", when, got, want)
		}
	}
	check("running")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, dir)
	check("opened again")

	write(t, s, age(start.Add(25*time.Second), 50)) // the third bucket goes on
	want[2] = probe.Point{At: start.Add(20 * time.Second), Min: 20, Max: 50, Mean: 160.0 / 6, Last: 50, Count: 6}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("continued")

	q := ageQuery
	q.Since = start.Add(12 * time.Second)
	if got := series(t, s, q); len(got) != 2 {
		t.Errorf("since 12 s: got %v, want the buckets of 10 and 20 s", got)
	}
	q = ageQuery
	q.MaxPoints = 1
	if got := series(t, s, q); len(got) != 1 || got[0].Max != 50 || got[0].Count != 26 {
		t.Errorf("one point: got %v", got)
	}
	q.Stream = "other"
	if got := series(t, s, q); len(got) != 0 {
		t.Errorf("unknown stream: got %v", got)
	}
}

func TestDiskFull(t *testing.T) {
	s, _ := open(t, t.TempDir())
	write(t, s, age(start, 1))
	var pages int
	if err := s.db.QueryRowContext(t.Context(), "PRAGMA max_page_count = 1").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for i := range 100 {
		at := start.Add(time.Duration(i) * 10 * time.Second)
		b := age(at, 1)
		for r := range 100 {
			b.Samples = append(b.Samples, probe.Sample{
				Metric: probe.ManifestAge, Stream: "main", Rendition: fmt.Sprint(r), Value: float64(i), At: at,
			})
		}
		if s.Write(t.Context(), b) != nil {
			failed++
			write(t, s, b) // as the fan-out does; the disk is not asked again at once
		}
	}
	if failed == 0 {
		t.Fatal("no write failed on a full disk")
	}
	waiting := len(s.pending)
	if waiting == 0 || s.waiting > maxPending {
		t.Errorf("%d rows, %d bytes wait; want some, and less than %d bytes", waiting, s.waiting, maxPending)
	}
	if _, err := s.db.ExecContext(t.Context(), "PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatalf("flush after the disk has room again: %v", err)
	}
	q := ageQuery
	q.Rendition, q.Side = "7", probe.NoSide
	if got := series(t, s, q); len(got) != 100 {
		t.Errorf("%d points after the disk has room again, want 100", len(got))
	}
}

func TestPrune(t *testing.T) {
	s, _ := open(t, t.TempDir())
	write(t, s, incidents(incident("old", probe.Opened), incident("open", probe.Opened)))
	write(t, s, incidents(incident("old", probe.Closed)))
	write(t, s, age(start, 1))
	later := start.Add(retention + time.Hour)
	for i := range 100 {
		write(t, s, age(later.Add(time.Duration(i)*10*time.Second), 1))
	}
	if got := series(t, s, ageQuery); len(got) != 100 {
		t.Errorf("%d points, want 100: the one of %s is too old", len(got), start)
	}
	if all, err := s.Incidents(t.Context(), probe.IncidentFilter{}); err != nil || len(all) != 1 || all[0].ID != "open" {
		t.Errorf("incidents %v, %v; want only the open one", all, err)
	}
	s.maxBytes = 1
	if err := s.prune(t.Context(), later.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := series(t, s, ageQuery); len(got) < 2 || len(got) > 20 ||
		!got[len(got)-1].At.Equal(later.Add(990*time.Second)) {
		t.Errorf("%d points, want a few of the newest: no limit is kept by less", len(got))
	}
}

func TestOpenErrors(t *testing.T) {
	t.Run("in use", func(t *testing.T) {
		dir := t.TempDir()
		open(t, dir)
		if _, err := Open(dir, "concert", nil); err == nil ||
			!strings.Contains(err.Error(), "in use by another streamwatch") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("newer schema", func(t *testing.T) {
		dir := t.TempDir()
		s, _ := open(t, dir)
		if _, err := s.db.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		if _, err := Open(dir, "concert", nil); err == nil || !strings.Contains(err.Error(), "version 99") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("folder is a file", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "concert"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, "concert", nil); err == nil || !strings.Contains(err.Error(), "making the output folder") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("read-only", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root may write everywhere")
		}
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, "concert", nil); err == nil {
			t.Error("no error for a read-only folder")
		}
	})
	t.Run("odd names", func(t *testing.T) {
		s, err := Open(filepath.Join(t.TempDir(), "100% ?odd #folder"), "concert", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(s.folder, dbName)); err != nil {
			t.Error(err)
		}
	})
}

func TestReadsWhileWriting(t *testing.T) {
	s, _ := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		var err error
		for ctx.Err() == nil && err == nil {
			_, err = s.Series(context.Background(), ageQuery)
		}
		done <- err
	}()
	for i := range 2000 {
		write(t, s, age(start.Add(time.Duration(i)*time.Second), 1))
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := series(t, s, ageQuery); len(got) != 200 {
		t.Errorf("%d points, want 200", len(got))
	}
}

// BenchmarkWrite is what one batch costs all in when 500 streams of two
// renditions and two sides send 2,000 batches of eight samples a second: the
// buckets in memory and one transaction every ten seconds.
func BenchmarkWrite(b *testing.B) {
	s, err := Open(b.TempDir(), "load", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const streams, perSecond = 500, 2000
	metrics := probe.Catalog()
	batches := make([]probe.Batch, streams*4)
	for i := range batches {
		batch := probe.Batch{Event: "load", Stream: fmt.Sprintf("stream-%03d", i%streams)}
		target := i / streams
		for m := range 8 {
			batch.Samples = append(batch.Samples, probe.Sample{
				Metric: metrics[m], Stream: batch.Stream, Rendition: []string{"360p", "720p"}[target%2],
				Side: probe.Sides[target/2], Value: float64(i * m),
			})
		}
		batches[i] = batch
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		batch := batches[n%len(batches)]
		at := start.Add(time.Duration(n) * time.Second / perSecond)
		batch.At = at
		for i := range batch.Samples {
			batch.Samples[i].At = at
			batch.Samples[i].Value++
		}
		if err := s.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		n++
	}
}
