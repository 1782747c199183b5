package proctest

import (
	"os/exec"
	"syscall"
)

// Bind makes a command that is not started yet get a signal when the test process
// dies. The kernel sends it when the thread that started the command ends: Go ends
// a thread only if a goroutine ends that is locked to it, which no test has.
func Bind(cmd *exec.Cmd, end syscall.Signal) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = end
}
