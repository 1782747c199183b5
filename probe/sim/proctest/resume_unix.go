//go:build unix

package proctest

import (
	"os"
	"syscall"
)

// resume lets a process go on that a test has stopped: it would not end.
func resume(p *os.Process) { _ = p.Signal(syscall.SIGCONT) }
