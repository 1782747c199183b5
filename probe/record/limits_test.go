package record

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Of an incident that is too long the beginning and the end are kept, within the
// bound, and the file says what is missing.
func TestLongIncident(t *testing.T) {
	const limit = 8 << 10
	f := newFixture(t, Options{Limits: Limits{Incident: limit}})
	f.tell("one", probe.Opened, "main")
	for range 1000 {
		if f.poll("main"); f.polls%10 == 0 {
			f.rec.flush()
		}
	}
	killed := t.TempDir()
	if err := os.CopyFS(killed, os.DirFS(f.folder)); err != nil {
		t.Fatal(err)
	}
	f.tell("one", probe.Closed, "main")
	entries, err := os.ReadDir(f.folder)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v: want one file", entries, err)
	}
	if info, _ := entries[0].Info(); info.Size() > limit*5/4 || info.Size() < limit/2 {
		t.Errorf("the file has %d bytes, of at most about %d", info.Size(), limit)
	}
	out := f.replay("one")
	last := f.now.Add(20 * time.Millisecond)
	if len(out.Missing) != 1 || out.Missing[0].Lines+out.Looks < 1000 || !out.Until.Equal(last) {
		t.Errorf("%d looks until %s, missing %+v", out.Looks, out.Until, out.Missing)
	}
	if first := f.now.Add(-999 * time.Second); out.From.After(first.Add(time.Second)) {
		t.Errorf("it begins at %s, want %s", out.From, first)
	}

	next := newFixture(t, Options{Folder: killed}) // puts the parts together
	if entries, _ := os.ReadDir(killed); len(entries) != 1 {
		t.Errorf("%v are left of a kill", entries)
	}
	if out := next.replay("one"); !out.Cut || len(out.Missing) != 1 || out.Looks < 100 {
		t.Errorf("after a kill: %d looks, missing %+v, cut %v", out.Looks, out.Missing, out.Cut)
	}
}

// The ring is bounded, and begins with what a replay needs.
func TestRingIsBounded(t *testing.T) {
	f := newFixture(t, Options{})
	for range 1500 {
		f.poll("main")
	}
	r := f.rec.ring("main")
	if most := r.most() + blockLeast; r.size > most || cap(r.open.out) > 2*blockLeast {
		t.Errorf("%d bytes in blocks of at most %d, and an open one of %d", r.size, most, cap(r.open.out))
	}
	if last := r.blocks[len(r.blocks)-1]; len(last.model) == 0 {
		t.Error("blocks are compressed without a model")
	}
	f.tell("one", probe.Opened, "main")
	f.tell("one", probe.Closed, "main")
	if out := f.replay("one"); out.Looks < 100 || out.Until.Sub(out.From) < time.Minute {
		t.Errorf("%d looks over %s", out.Looks, out.Until.Sub(out.From))
	}
}

// The oldest recordings go when there are too many, when they are too large
// together, and when they are too old; the one under way stays.
func TestRetention(t *testing.T) {
	f := newFixture(t, Options{Limits: Limits{Count: 3, Keep: 1 << 20, Age: time.Hour}})
	names := func() (list []string) {
		entries, err := os.ReadDir(f.folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, strings.TrimSuffix(e.Name(), Extension))
		}
		return list
	}
	put := func(name string, size int, age time.Duration) {
		path := filepath.Join(f.folder, name+Extension)
		at := time.Now().Add(-age)
		if os.WriteFile(path, make([]byte, size), 0o600) != nil || os.Chtimes(path, at, at) != nil {
			t.Fatal("cannot write")
		}
	}
	put("aged", 1, 2*time.Hour)
	put("b", 1, 4*time.Minute)
	put("c", 1, 3*time.Minute)
	put("d", 1, 2*time.Minute)
	f.tell("e", probe.Opened, "main")
	f.tell("e", probe.Closed, "main")
	if got := fmt.Sprint(names()); got != "[c d e]" {
		t.Errorf("kept %s, want the newest three", got)
	}
	put("large", 1<<20, time.Minute)
	f.rec.prune()
	if got := fmt.Sprint(names()); got != "[e]" {
		t.Errorf("kept %s, want what fits", got)
	}
}
