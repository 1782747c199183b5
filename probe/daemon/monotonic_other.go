//go:build !linux

package daemon

import "time"

// monotonic is not asked for where there is no systemd.
func monotonic() time.Duration { return 0 }
