package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

func rows(t testing.TB, s *Store) (n int) {
	t.Helper()
	if err := s.db.QueryRowContext(t.Context(), "SELECT count(*) FROM bucket").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// catchUp merges all that is old, however little of it one flush does.
func catchUp(t *testing.T, s *Store, now time.Time) {
	t.Helper()
	for before := s.coarse; ; before = s.coarse {
		if err := s.coarsen(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		if s.coarse == before {
			return
		}
	}
}

// What is old is told in longer steps, with nothing of its values lost, also by a
// process that was restarted.
func TestHistoryGetsCoarser(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	for i := range 90 { // a quarter of an hour
		write(t, s, age(start.Add(time.Duration(i)*10*time.Second), float64(i)))
	}
	points := func(want int, after time.Duration) []probe.Point {
		t.Helper()
		write(t, s, age(start.Add(after), 1000))
		if err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		catchUp(t, s, start.Add(after))
		q := ageQuery
		q.Until = start.Add(15*time.Minute - time.Second)
		got := series(t, s, q)
		if len(got) != want {
			t.Fatalf("%d points after %s, want %d", len(got), after, want)
		}
		return got
	}
	points(90, time.Hour)
	minutes := points(15, 3*time.Hour)
	if p := minutes[2]; !p.At.Equal(start.Add(2*time.Minute)) || p.Min != 12 || p.Max != 17 || p.Mean != 14.5 || p.Last != 17 || p.Count != 6 {
		t.Errorf("the third minute: %+v", p)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, dir)
	long := points(2, 25*time.Hour)
	if p := long[0]; !p.At.Equal(start) || p.Min != 0 || p.Max != 59 || p.Count != 60 {
		t.Errorf("the first ten minutes: %+v", p)
	}
}

// A row that is damaged stops nothing.
func TestDamagedRowStaysAsItIs(t *testing.T) {
	s, _ := open(t, t.TempDir())
	for i := range 12 {
		write(t, s, age(start.Add(time.Duration(i)*10*time.Second), 1))
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.ExecContext(t.Context(), "UPDATE bucket SET data = x'ff' WHERE at = ?", start.Add(10*time.Second).Unix()); err != nil {
		t.Fatal(err)
	}
	write(t, s, age(start.Add(3*time.Hour), 1))
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	catchUp(t, s, start.Add(3*time.Hour))
	if n := rows(t, s); n != 6+1+1 {
		t.Errorf("%d rows, want the six of the damaged minute, one of the next and the newest", n)
	}
}

// BenchmarkDay writes what a stream of two renditions on two sides gives in days,
// and tells what of it is kept: of the newest hours, of a day and of each day
// before.
func BenchmarkDay(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		s, err := Open(dir, "concert", nil)
		if err != nil {
			b.Fatal(err)
		}
		before := 0
		for _, hours := range []int{2, 24, 48} {
			for i := before; i < hours*360; i++ {
				if err := s.Write(b.Context(), dayOf(start.Add(time.Duration(i)*10*time.Second), i)); err != nil {
					b.Fatal(err)
				}
			}
			before = hours * 360
			b.ReportMetric(float64(rows(b, s)), fmt.Sprintf("rows/%dh", hours))
			var bytes int64
			if err := s.db.QueryRowContext(b.Context(), "SELECT sum(length(data)) FROM bucket").Scan(&bytes); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(bytes), fmt.Sprintf("bytes/%dh", hours))
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, "concert", dbName))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size()), "bytes-file")
	}
}

// dayOf is what the monitor measures of a stream in ten seconds.
func dayOf(at time.Time, n int) probe.Batch {
	b := probe.Batch{At: at, Event: "concert", Stream: "main"}
	for _, m := range probe.Catalog() {
		if m.Scope == probe.ByEvent || m.Scope == probe.ByViewer || m.Scope == probe.ByVerdict {
			continue
		}
		for r, rendition := range []string{"1080p", "360p"} {
			for _, side := range probe.Sides {
				if m.Scope != probe.BySide {
					side = probe.NoSide
				}
				for k := range 3 {
					v := float64((n*7+k*3+r)%50) / 10
					if m.Unit == "None" {
						v = 1
					}
					b.Samples = append(b.Samples, probe.Sample{Metric: m, Stream: "main", Rendition: rendition, Side: side, Value: v, At: at})
				}
			}
		}
	}
	return b
}
