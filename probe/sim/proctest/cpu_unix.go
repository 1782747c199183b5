//go:build unix

package proctest

import (
	"syscall"
	"testing"
	"time"
)

// CPU is the processor time that this process has used, which a busy machine does not
// lengthen as it does the time of day.
func CPU(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
