package store

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// child is the process that is killed: it opens, changes and closes one incident
// after the other, and says on stdout that it goes on.
func child(t *testing.T, dir, name string) {
	s, err := Open(dir, "concert", nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		in := incident(fmt.Sprintf("%s-%d", name, n), probe.Opened)
		write(t, s, incidents(in))
		in.State, in.Blame = probe.Updated, probe.BlameOrigin
		write(t, s, incidents(in))
		in.State, in.Closed = probe.Closed, new(start.Add(time.Minute))
		write(t, s, incidents(in))
		fmt.Println("wrote", n)
	}
}

// Whenever the process is killed, the next one takes up what was open, and in the
// end each incident has its opened and its closed line, once.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("STREAMWATCH_TEST_DIR"); dir != "" {
		child(t, dir, os.Getenv("STREAMWATCH_TEST_NAME"))
	}
	dir := t.TempDir()
	resumed := 0
	for round := range 8 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "STREAMWATCH_TEST_DIR="+dir, fmt.Sprintf("STREAMWATCH_TEST_NAME=r%d", round))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for said, n := bufio.NewScanner(out), 0; n < 5 && said.Scan(); n++ {
		}
		time.Sleep(time.Duration(round) * 3 * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()

		s, _ := open(t, dir)
		left, err := s.OpenIncidents(t.Context())
		if err != nil || len(left) > 1 {
			t.Fatalf("%d incidents are open, %v; the process had one at a time", len(left), err)
		}
		for _, in := range left {
			resumed++
			in.State, in.Closed = probe.Closed, new(start.Add(time.Hour))
			write(t, s, incidents(in))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	count := map[string]map[string]int{}
	for _, l := range lines(t, dir) {
		id, state, _ := strings.Cut(l, " ")
		if count[id] == nil {
			count[id] = map[string]int{}
		}
		count[id][state]++
	}
	for id, n := range count {
		if n["opened"] != 1 || n["closed"] != 1 || n["updated"] > 1 {
			t.Errorf("incident %s has the lines %v", id, n)
		}
	}
	t.Logf("%d incidents, %d of them taken up after a kill", len(count), resumed)
}
