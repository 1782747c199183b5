//go:build !unix

package proctest

import (
	"testing"
	"time"
)

var started = time.Now()

// CPU is the time since the process began: no less than its processor time.
func CPU(testing.TB) time.Duration { return time.Since(started) }
