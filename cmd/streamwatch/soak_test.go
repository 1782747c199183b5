package main_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// TestSoak watches real streams for STREAMWATCH_SOAK (2h), and breaks one thing
// after another, every STREAMWATCH_SOAK_FAULT (5m). Between two faults nothing may
// be found; memory, descriptors and files must not grow.
func TestSoak(t *testing.T) {
	length := soakSetting(t, "STREAMWATCH_SOAK", 0)
	if length == 0 {
		t.Skip("takes hours; run with make soak")
	}
	every := soakSetting(t, "STREAMWATCH_SOAK_FAULT", 5*time.Minute)
	proctest.Need(t, "ffmpeg", "nginx")
	binary := buildBinary(t)
	for _, container := range []string{"mpegts", "fmp4"} {
		t.Run(container, func(t *testing.T) {
			t.Parallel()
			b := startBench(t, binary, container)
			var seen []usage
			defer func() { flat(t, seen) }()
			end := time.Now().Add(length)
			for round := 0; time.Now().Before(end); round++ {
				next := time.Now().Add(every)
				b.quietFor(every / 2)
				seen = append(seen, b.usage())
				harms := b.harms()
				b.provoke(harms[round%len(harms)])
				b.quietFor(time.Until(next))
			}
		})
	}
}

func soakSetting(t *testing.T, name string, otherwise time.Duration) time.Duration {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// usage is what the process takes.
type usage struct {
	at          time.Time
	memory      int64 // resident, bytes
	descriptors int
	database    int64         // bytes, with its log of writes
	files       int           // in the folder of output
	cpu         time.Duration // since the start
}

func (b *bench) usage() usage {
	b.t.Helper()
	u := usage{at: time.Now()}
	proc := fmt.Sprintf("/proc/%d/", b.watch.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		b.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kib, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				b.t.Fatal(err)
			}
			u.memory = kib << 10
		}
	}
	open, err := os.ReadDir(proc + "fd")
	if err != nil {
		b.t.Fatal(err)
	}
	u.descriptors = len(open)
	err = filepath.WalkDir(filepath.Join(b.dir, "out"), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		u.files++
		if info, err := e.Info(); err == nil && strings.Contains(e.Name(), ".db") {
			u.database += info.Size()
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	stat, err := os.ReadFile(proc + "stat")
	if err != nil {
		b.t.Fatal(err)
	}
	// proc(5): utime and stime are the 14th and 15th, in hundredths of a second.
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, ticks := range f[11:13] {
		n, err := strconv.Atoi(ticks)
		if err != nil {
			b.t.Fatal(err)
		}
		u.cpu += time.Duration(n) * 10 * time.Millisecond
	}
	return u
}

// flat fails where the last third takes more than the one before it. The first is
// for caches to fill.
func flat(t *testing.T, seen []usage) {
	t.Helper()
	if len(seen) == 0 {
		return
	}
	t.Log("MINUTE  MEMORY MiB  DESCRIPTORS  DATABASE MiB  FILES  CPU s")
	for _, u := range seen {
		t.Logf("%6.0f  %10.1f  %11d  %12.2f  %5d  %5.0f", u.at.Sub(seen[0].at).Minutes(), float64(u.memory)/(1<<20),
			u.descriptors, float64(u.database)/(1<<20), u.files, u.cpu.Seconds())
	}
	third := len(seen) / 3
	if third < 2 {
		t.Log("too short to say whether it is flat")
		return
	}
	middle, last := seen[third:2*third], seen[len(seen)-third:]
	for _, what := range []struct {
		name  string
		of    func(usage) int64
		grows float64 // allowed
	}{
		{"memory", func(u usage) int64 { return u.memory }, 0.10},
		{"descriptors", func(u usage) int64 { return int64(u.descriptors) }, 0.10},
	} {
		before, after := median(middle, what.of), median(last, what.of)
		if float64(after) > float64(before)*(1+what.grows) {
			t.Errorf("%s grows: %d, then %d", what.name, before, after)
		}
	}
}

func median(list []usage, of func(usage) int64) int64 {
	var values []int64
	for _, u := range list {
		values = append(values, of(u))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
