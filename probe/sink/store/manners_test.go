package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// What the store writes is for its user alone, also where a version before made
// it for everybody.
func TestFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "concert")
	for _, name := range []string{logName, dbName} {
		if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // as it was
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o644); err != nil { //nolint:gosec // as it was
			t.Fatal(err)
		}
	}
	s, _ := open(t, dir)
	write(t, s, incidents(incident("a", probe.Opened)))
	write(t, s, age(start, 1))
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the rights %s", filepath.Base(path), info.Mode())
		}
		seen++
		return err
	})
	if err != nil || seen < 5 { // folder, log, database and its two
		t.Errorf("%d files, %v", seen, err)
	}
}

// A clock that is set by an hour, either way, neither merges intervals nor stops
// the flushes.
func TestTheClockIsSet(t *testing.T) {
	for _, step := range []time.Duration{-time.Hour, time.Hour} {
		s, _ := open(t, t.TempDir())
		for i := range 60 {
			write(t, s, age(start.Add(time.Duration(i)*time.Second), 1))
		}
		for i := range 60 {
			write(t, s, age(start.Add(step+time.Duration(60+i)*time.Second), 2))
		}
		var rows int
		if err := s.db.QueryRowContext(t.Context(), "SELECT count(*) FROM bucket").Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if rows < 10 { // the newest may still be in memory
			t.Errorf("%s: %d rows of 12 are on disk", step, rows)
		}
		points := series(t, s, ageQuery)
		if len(points) != 12 {
			t.Errorf("%s: %d intervals, want 12: %v", step, len(points), points)
		}
		for _, p := range points {
			if p.Count != 10 || p.Min != p.Max {
				t.Errorf("%s: intervals were merged: %+v", step, p)
			}
		}
	}
}

// renditions makes a batch with samples of many renditions.
func renditions(stream string, at time.Time, from, to int) probe.Batch {
	b := probe.Batch{At: at, Event: "concert", Stream: stream}
	for i := from; i < to; i++ {
		b.Samples = append(b.Samples, probe.Sample{
			Metric: probe.ManifestAge, Stream: stream, Rendition: fmt.Sprintf("r%d", i), Side: probe.Edge, Value: 1, At: at,
		})
	}
	return b
}

// A stream whose renditions have ever new names takes no room from others, and
// gives back what it took once nothing of it is stored any more.
func TestHostileNamesAge(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	at := start
	for i := range 40 { // 20,000 names
		write(t, s, renditions("evil", at, 500*i, 500*i+500))
		at = at.Add(10 * time.Second)
	}
	write(t, s, renditions("good", at, 100_000, 100_010))
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.names.series); n != maxSeriesPerStream+10 {
		t.Errorf("%d series, want those of the bound and 10", n)
	}
	known := func(stream, rendition string) int {
		return len(series(t, s, probe.SeriesQuery{
			Stream: stream, Rendition: rendition, Side: probe.Edge, Metric: probe.ManifestAge,
		}))
	}
	if known("good", "r100005") != 1 || known("evil", "r10") != 1 || known("evil", "r19999") != 0 {
		t.Errorf("good %d, evil %d and %d", known("good", "r100005"), known("evil", "r10"), known("evil", "r19999"))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, dir)
	at = start.Add(retention + time.Hour)
	write(t, s, renditions("good", at, 100_000, 100_010))
	write(t, s, renditions("good", at.Add(time.Minute), 100_000, 100_010)) // flushes and prunes
	if n := len(s.names.series); n != 10 || s.names.streams["evil"] != 0 {
		t.Errorf("%d series after they aged, want the 10 that are used; streams %v", n, s.names.streams)
	}
	write(t, s, renditions("evil", at.Add(2*time.Minute), 0, 10))
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if known("evil", "r5") != 1 || known("good", "r100005") != 2 {
		t.Errorf("evil %d, good %d", known("evil", "r5"), known("good", "r100005"))
	}
}

// A long incident log is put aside; a restart, with or without the database,
// knows all incidents.
func TestTheLogTurnsOver(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	s.lines.most = 4 << 10
	write(t, s, incidents(incident("open", probe.Opened)))
	for i := range 30 {
		id := fmt.Sprintf("i%02d", i)
		was := incident(id, probe.Opened)
		over := incident(id, probe.Closed)
		was.Opened = time.Now()
		over.Closed = new(time.Now())
		write(t, s, incidents(was, over))
	}
	asides := s.lines.asides()
	if len(asides) < 3 {
		t.Errorf("put aside: %v", asides)
	}
	s.lines.age(time.Now())
	if n := len(s.lines.asides()); n >= maxLogs {
		t.Errorf("%d logs are left", n)
	}
	for _, without := range []string{"", dbName} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if without != "" {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(filepath.Join(dir, "concert", without+suffix))
			}
		}
		s, _ = open(t, dir)
		list, err := s.Incidents(t.Context(), probe.IncidentFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if without == "" && len(list) != 31 || len(list) < 20 {
			t.Errorf("without %q: %d incidents", without, len(list))
		}
		open, err := s.OpenIncidents(t.Context())
		if err != nil || without == "" && (len(open) != 1 || open[0].ID != "open") {
			t.Errorf("without %q: open %v, %v", without, open, err)
		}
	}
	s.lines.age(time.Now().Add(retention + time.Hour))
	if left := s.lines.asides(); len(left) != 0 {
		t.Errorf("logs from before the retention: %v", left)
	}
}

// gone makes the store look at once whether its files are there, and returns the
// error of the write that finds out and of the one after it.
func gone(t *testing.T, s *Store, b probe.Batch) (first, second error) {
	t.Helper()
	s.looked = time.Time{}
	return s.Write(t.Context(), b), s.Write(t.Context(), b)
}

// A folder that is deleted is told of and made again, with all that was in it.
func TestTheFolderIsDeleted(t *testing.T) {
	for name, harm := range map[string]func(folder string) error{
		"folder":   os.RemoveAll,
		"database": func(folder string) error { return os.Remove(filepath.Join(folder, dbName)) },
		"log":      func(folder string) error { return os.Remove(filepath.Join(folder, logName)) },
		"moved":    func(folder string) error { return os.Rename(folder, folder+".old") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, logs := open(t, dir)
			write(t, s, incidents(incident("a", probe.Opened), incident("a", probe.Closed), incident("b", probe.Opened)))
			for i := range 40 {
				write(t, s, age(start.Add(time.Duration(i)*time.Second), 1))
			}
			unsent := []probe.Unsent{{At: start, Samples: 7, Data: []byte("x")}}
			if err := s.ExchangeUnsent(t.Context(), nil, unsent); err != nil {
				t.Fatal(err)
			}
			if err := harm(filepath.Join(dir, "concert")); err != nil {
				t.Fatal(err)
			}
			first, second := gone(t, s, incidents(incident("c", probe.Opened)))
			if probe.Cause(first) != "no such file or directory" || second != nil {
				t.Errorf("first %v, then %v", first, second)
			}
			if told := logs.FilterMessageSnippet("deleted or replaced by somebody"); told.Len() != 1 {
				t.Errorf("told %d times", told.Len())
			}
			write(t, s, age(start.Add(41*time.Second), 1))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s, _ = open(t, dir)
			wantLines(t, dir, "a opened", "a closed", "b opened", "c opened")
			list, err := s.Incidents(t.Context(), probe.IncidentFilter{})
			if err != nil || len(list) != 3 {
				t.Errorf("incidents %v, %v", list, err)
			}
			if points := series(t, s, ageQuery); len(points) != 5 {
				t.Errorf("points %v", points)
			}
			if unsent, err := s.Unsent(t.Context(), start, 0); err != nil || len(unsent) != 1 ||
				unsent[0].Samples != 7 {
				t.Errorf("spool %v, %v", unsent, err)
			}
		})
	}
}

// What somebody put in the place of the files is kept beside.
func TestTheFilesAreReplaced(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	write(t, s, incidents(incident("a", probe.Opened)))
	folder := filepath.Join(dir, "concert")
	for _, name := range []string{logName, dbName} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path+".other", []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".other", path); err != nil {
			t.Fatal(err)
		}
	}
	if first, second := gone(t, s, incidents(incident("b", probe.Opened))); first == nil || second != nil {
		t.Errorf("first %v, then %v", first, second)
	}
	wantLines(t, dir, "a opened", "b opened")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	kept := slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		text, _ := os.ReadFile(filepath.Join(folder, e.Name()))
		return strings.HasPrefix(e.Name(), dbName+".replaced-") && string(text) == "theirs"
	})
	if !kept {
		t.Errorf("the database of others is not kept: %v", entries)
	}
}

// While the folder cannot be made again nothing is lost, and once it can all is
// written.
func TestTheFolderCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	write(t, s, incidents(incident("a", probe.Opened)))
	folder := filepath.Join(dir, "concert")
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := incidents(incident("b", probe.Opened))
	if first, second := gone(t, s, b); first == nil || second == nil {
		t.Errorf("first %v, then %v", first, second)
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	write(t, s, b)
	wantLines(t, dir, "a opened", "b opened")
}
