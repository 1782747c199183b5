//go:build linux

package proctest_test

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// A test process that is killed takes what it has started along.
func TestNoOrphans(t *testing.T) {
	if os.Getenv("PROCTEST_VICTIM") != "" {
		child := exec.CommandContext(t.Context(), "sleep", "600")
		proctest.Start(t, child, syscall.SIGTERM)
		_, _ = os.Stdout.WriteString("child " + strconv.Itoa(child.Process.Pid) + "\n")
		select {}
	}
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestNoOrphans$")
	victim.Env = append(os.Environ(), "PROCTEST_VICTIM=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	proctest.Start(t, victim, syscall.SIGKILL)
	child := 0
	for lines := bufio.NewScanner(out); child == 0 && lines.Scan(); {
		if pid, ok := strings.CutPrefix(lines.Text(), "child "); ok {
			child, _ = strconv.Atoi(pid)
		}
	}
	if child == 0 || !alive(child) {
		t.Fatalf("the victim has started nothing: child %d", child)
	}
	proctest.Stop(victim, syscall.SIGKILL)
	for end := time.Now().Add(time.Minute); alive(child); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			_ = syscall.Kill(child, syscall.SIGKILL)
			t.Fatalf("process %d lives on", child)
		}
	}
}

// alive says whether a process runs: a zombie, whose parent has not asked how it
// ended, does not.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}
