//go:build unix

package store

import (
	"errors"
	"os"
	"syscall"
)

// lockFile makes this process the owner of a file until it closes it or dies.
// It reports false when another process owns it.
func lockFile(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if errors.Is(err, syscall.ENOLCK) || errors.Is(err, syscall.ENOTSUP) {
		return true, nil // a network file system without locks: trust the user
	}
	return err == nil, err
}
