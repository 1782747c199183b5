package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// encoderWitness looks at the playlists on the disk of an encoder. On a busy machine the
// encoder is late, and then a monitor that says so is right.
type encoderWitness struct {
	mu   sync.Mutex
	last map[string]time.Time // by file: when it was written
	gaps []gap
}

// gap is a time in which a playlist was not written.
type gap struct{ from, until time.Time }

// watchEncoder returns one that looks until the test ends.
func watchEncoder(t *testing.T, root string) *encoderWitness {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "*", "playlist.m3u8"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no playlists in %s: %v", root, err)
	}
	w, ctx := &encoderWitness{last: map[string]time.Time{}}, t.Context()
	go func() {
		for tick := time.Tick(50 * time.Millisecond); ctx.Err() == nil; <-tick {
			for _, f := range files {
				if info, err := os.Stat(f); err == nil {
					w.written(f, info.ModTime())
				}
			}
		}
	}()
	return w
}

func (w *encoderWitness) written(file string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if was := w.last[file]; !was.IsZero() && at.After(was) {
		w.gaps = append(w.gaps, gap{was, at})
	}
	w.last[file] = at
}

// still is the longest time that a playlist stood still and that reached beyond a
// moment.
func (w *encoderWitness) still(since time.Time) (longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.gaps {
		if g.until.After(since) {
			longest = max(longest, g.until.Sub(g.from))
		}
	}
	for _, at := range w.last {
		longest = max(longest, time.Since(at))
	}
	return longest
}

// stalls reports whether all incidents say that the encoder stands still.
func stalls(all []probe.Incident) bool {
	return !slices.ContainsFunc(all, func(in probe.Incident) bool {
		return in.Check != "upd.stale" || in.Blame != probe.BlameEncoder
	})
}
