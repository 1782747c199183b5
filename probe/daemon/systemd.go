package daemon

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// systemd gets reports of the process's state where it asks for them: sd_notify(3).

// notifyManager sends a state to the service manager, if there is one.
func notifyManager(state string) {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return
	}
	to := &net.UnixAddr{Name: name, Net: "unixgram"} // @name is an abstract one, for Go too
	conn, err := net.DialUnix("unixgram", nil, to)
	if err != nil {
		return // nobody listens any more
	}
	_, _ = conn.Write([]byte(state))
	_ = conn.Close()
}

// ready says that the process does its job, and what that is.
func ready(status string) {
	state := "READY=1"
	if status != "" {
		state += "\nSTATUS=" + status
	}
	notifyManager(state)
}

// reloading says that the configuration is read again; ready ends that.
func reloading() {
	state := "RELOADING=1"
	if now := monotonic(); now > 0 {
		state += fmt.Sprintf("\nMONOTONIC_USEC=%d", now.Microseconds())
	}
	notifyManager(state)
}

// tellManager says that the event is watched, then in time that this still goes
// on, and at last that it ends.
func (d *Daemon) tellManager(ctx context.Context) error {
	ready("watching " + d.event.Load().Event)
	defer notifyManager("STOPPING=1")
	every := watchdog(os.LookupEnv, os.Getpid())
	if every == 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		_ = d.source.Snapshot() // which needs every lock of the monitor: one that is stuck is not alive
		notifyManager("WATCHDOG=1")
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// watchdog is how often the service manager wants to hear of the process: half
// of the time after which it kills; 0 is never. See sd_watchdog_enabled(3).
func watchdog(env func(string) (string, bool), pid int) time.Duration {
	text, _ := env("WATCHDOG_USEC")
	usec, err := strconv.ParseInt(text, 10, 64)
	if of, ok := env("WATCHDOG_PID"); ok && of != strconv.Itoa(pid) || err != nil || usec <= 1 {
		return 0
	}
	return time.Duration(usec) * time.Microsecond / 2
}
