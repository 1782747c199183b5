//go:build unix

package fetch

import (
	"net"
	"syscall"
)

// silence returns what tells whether nothing came over an idle connection. A
// server that closed it, or that said more than its answer, makes it useless.
// nil where that cannot be told.
func silence(c net.Conn) func() bool {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	silent := false
	look := func(fd uintptr) bool {
		var one [1]byte
		_, err := syscall.Read(int(fd), one[:]) // sockets of this runtime do not block
		silent = err == syscall.EAGAIN          //nolint:errorlint // it comes from the call itself
		return true
	}
	return func() bool { return raw.Read(look) == nil && silent }
}
