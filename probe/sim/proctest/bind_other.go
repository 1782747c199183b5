//go:build !linux

package proctest

import (
	"os/exec"
	"syscall"
)

// Bind does nothing: only Linux tells a child that its parent died.
func Bind(*exec.Cmd, syscall.Signal) {}
