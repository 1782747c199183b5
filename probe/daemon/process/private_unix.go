//go:build unix

package process

import "syscall"

// keepPrivate makes what the process writes from now on readable for its user
// alone: incidents and recordings tell about viewers and servers.
func keepPrivate() { syscall.Umask(0o077) }
