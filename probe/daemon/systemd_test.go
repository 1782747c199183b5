package daemon

import (
	"testing"
	"time"
)

func TestWatchdog(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"", "", 0},
		{"30000000", "", 15 * time.Second},
		{"30000000", "7", 15 * time.Second},
		{"30000000", "8", 0}, // meant for another process
		{"soon", "", 0},
		{"-5", "", 0},
	} {
		env := func(name string) (string, bool) {
			value := map[string]string{"WATCHDOG_USEC": c.usec, "WATCHDOG_PID": c.pid}[name]
			return value, value != ""
		}
		if got := watchdog(env, 7); got != c.want {
			t.Errorf("WATCHDOG_USEC=%s WATCHDOG_PID=%s: %s, want %s", c.usec, c.pid, got, c.want)
		}
	}
}
