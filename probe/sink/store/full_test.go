//go:build linux

package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// smallDisk mounts a file system of 16 MiB and returns its
// folder, and what fills and frees it.
func smallDisk(t *testing.T) (dir string, fill, free func()) {
	t.Helper()
	dir = t.TempDir()
	proctest.SmallDisk(t, dir, "16m")
	ballast := filepath.Join(dir, "ballast")
	return dir, func() {
			f, err := os.Create(ballast)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for _, size := range []int{64 << 10, 4 << 10, 1} {
				for block := make([]byte, size); err == nil; {
					_, err = f.Write(block)
				}
				if !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("filling the disk: %v", err)
				}
				err = nil
			}
		}, func() {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		}
}

// On a disk that is really full a write fails by the name of it and leaves no
// torn line; written again when there is room, nothing is missing or doubled.
func TestReallyFullDisk(t *testing.T) {
	dir, fill, free := smallDisk(t)
	s, _ := open(t, dir)
	write(t, s, incidents(incident("before", probe.Opened)))
	fill()
	var refused []probe.Batch
	var failure error
	for i := range 40 {
		for _, state := range []probe.IncidentState{probe.Opened, probe.Updated, probe.Closed} {
			in := incident(fmt.Sprintf("i%02d", i), state)
			if state == probe.Updated {
				in.Blame = probe.BlameOrigin
			}
			b := incidents(in)
			if len(refused) == 0 { // as the fan-out: what comes later waits behind it
				failure = s.Write(t.Context(), b)
			}
			if failure != nil {
				refused = append(refused, b)
				_ = s.Write(t.Context(), refused[0])
			}
		}
		_ = s.Write(t.Context(), age(start.Add(time.Duration(i)*time.Second), 1)) // samples go on
	}
	if len(refused) < 60 || !errors.Is(failure, syscall.ENOSPC) {
		t.Fatalf("%d batches refused, want most of 120, for want of space: %v", len(refused), failure)
	}
	lines(t, dir) // each is whole
	free()
	for _, b := range refused {
		write(t, s, b)
	}
	count := map[string]int{}
	for _, l := range lines(t, dir) {
		count[l]++
	}
	for i := range 40 {
		for _, state := range []string{"opened", "updated", "closed"} {
			if n := count[fmt.Sprintf("i%02d %s", i, state)]; n != 1 {
				t.Errorf("incident %d has %d %s lines", i, n, state)
			}
		}
	}
	_ = s.Close()
	s, _ = open(t, dir)
	if list, err := s.Incidents(t.Context(), probe.IncidentFilter{}); err != nil || len(list) != 41 {
		t.Errorf("%d incidents, %v, want 41", len(list), err)
	}
	if open, err := s.OpenIncidents(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("%d open, %v, want the one from before", len(open), err)
	}
}
