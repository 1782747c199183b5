// Package proctest is what tests have in common that run other programs: encoders,
// caches, browsers, emulators, our own binary.
//
// The rule that keeps it simple: whatever is started here ends with its test, even
// if the test process is killed before it can clean up.
package proctest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Patience is how long a busy machine may take for anything that a test waits for.
// How soon things happen is judged in simulated time, not here.
const Patience = 3 * time.Minute

// Need skips a test if a program is missing; where CI=true it fails.
func Need(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		Find(t, name, "")
	}
}

// Find returns the path of a program, which the environment variable named
// variable overrides if it is set. It skips the test if there is none; where
// CI=true it fails.
func Find(t *testing.T, name, variable string) string {
	t.Helper()
	hint := ""
	if variable != "" {
		hint = ", or set " + variable
		if path := os.Getenv(variable); path != "" {
			name = path
		}
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s is not installed, which CI must have: .ci/run tools%s", name, hint)
	default:
		t.Skipf("%s is not installed: .ci/run tools%s", name, hint)
	}
	return path
}

// Start starts a command and ends it with the test: by a signal of its own, and by
// SIGKILL if that is not enough. On Linux the same signal comes if the test process
// dies.
func Start(t *testing.T, cmd *exec.Cmd, end syscall.Signal) {
	t.Helper()
	Bind(cmd, end)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Stop(cmd, end) })
}

// Stop ends a command with a signal, and with SIGKILL after half a minute. It does
// nothing if somebody has waited for the command already.
func Stop(cmd *exec.Cmd, end syscall.Signal) {
	if cmd.Process == nil || cmd.ProcessState != nil {
		return
	}
	resume(cmd.Process)
	_ = cmd.Process.Signal(end)
	late := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	_ = cmd.Wait()
}

// Port returns a port of 127.0.0.1 that nobody listens at. It is none of those that
// the system gives to connections (32768 and up on Linux): one of another test could
// take it before whoever is to listen there. For the same reason each test process
// goes through ports of its own, one after the other.
func Port(t testing.TB) int {
	t.Helper()
	const first, processes, each = 15000, 64, 265
	for range each {
		port := first + os.Getpid()%processes*each + int(ports.Add(1)%each)
		if ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", fmt.Sprint("127.0.0.1:", port)); err == nil {
			_ = ln.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

var ports atomic.Uint32 // given so far

// Address is 127.0.0.1 with a Port.
func Address(t testing.TB) string { return fmt.Sprint("127.0.0.1:", Port(t)) }
