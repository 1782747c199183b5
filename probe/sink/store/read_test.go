package store

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// files returns the names and sizes of what is in a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = fmt.Sprintf("%d %s", info.Size(), info.ModTime())
	}
	delete(all, dbName+"-shm") // where readers and the writer note who reads what
	return all
}

// What is written is read by another process while the writer goes on, and after
// it ended; nothing in the folder changes by it.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "concert")
	if _, err := Read(t.Context(), dir, "concert"); !errors.Is(err, ErrNoHistory) {
		t.Fatalf("nothing to read: %v", err)
	}
	if _, err := os.Stat(folder); err == nil {
		t.Fatal("reading made a folder")
	}
	s, _ := open(t, dir)
	deed := deeds(start.Add(time.Hour))[0]
	if err := s.Act(t.Context(), &deed); err != nil {
		t.Fatal(err)
	}
	write(t, s, incidents(incident("a", probe.Opened)))
	for i := range 40 {
		at := start.Add(time.Duration(i) * time.Second)
		write(t, s, probe.Batch{At: at, Samples: []probe.Sample{
			{Metric: probe.ManifestAge, Stream: "main", Rendition: "720p", Side: probe.Edge, Value: float64(i), At: at},
			{Metric: probe.VerdictTime, Stream: "main", Rendition: "down", Value: 1, At: at},
		}})
	}
	read := func(wantDown float64) {
		t.Helper()
		before := files(t, folder)
		r, err := Read(t.Context(), dir, "concert")
		if err != nil {
			t.Fatal(err)
		}
		down := 0.0
		err = r.Scan(t.Context(), start, start.Add(time.Hour), func(of probe.SeriesQuery, p probe.Point) {
			if of.Metric == probe.VerdictTime && of.Stream == "main" && of.Rendition == "down" {
				down += p.Mean * float64(p.Count)
			}
		})
		if err != nil || down != wantDown {
			t.Errorf("down for %g s, %v, want %g", down, err, wantDown)
		}
		list, err := r.Incidents(t.Context(), probe.IncidentFilter{})
		if err != nil || len(list) != 1 {
			t.Errorf("incidents: %v, %v", list, err)
		}
		did, err := r.Actions(t.Context(), start)
		if err != nil || len(did) != 1 {
			t.Errorf("actions: %v, %v", did, err)
		}
		from, until, err := r.Recorded(t.Context())
		if err != nil || from.After(start) || until.Sub(from) < 30*time.Second {
			t.Errorf("recorded from %s until %s, %v", from, until, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if after := files(t, folder); !maps.Equal(before, after) {
			t.Errorf("reading changed the folder:\n%v\n%v", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
		}
	}
	read(30) // the interval in progress is in memory
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	read(40)
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
	read(40)
}
