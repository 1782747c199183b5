//go:build unix

package main

import (
	"fmt"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// A service manager is told when the event is watched, that it still is, that the
// file is read again and when that is over, and that the process ends.
func TestServiceManager(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	origin := httptest.NewServer(sim.NewOrigin(sim.Config{}))
	t.Cleanup(origin.Close)
	a.write("event.yaml", fmt.Sprintf("event: e\norigin: {url: %q}\ndistribution: {local: {listen: \"127.0.0.1:0\"}}\n"+
		"streams: [{name: main, manifest: /main/playlist.m3u8}]\nmonitor: {listen: \"\"}\n", origin.URL))
	socket := filepath.Join(t.TempDir(), "s")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	a.set("NOTIFY_SOCKET", socket)
	a.set("WATCHDOG_USEC", "400000")
	cmd, out := a.command(t.Context(), "run", "event.yaml")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hears := func(want ...string) {
		t.Helper()
		buf := make([]byte, 4096)
		_ = manager.SetReadDeadline(time.Now().Add(proctest.Patience))
		for {
			n, err := manager.Read(buf)
			if err != nil {
				t.Fatalf("never heard %q: %v\n%s", want, err, out)
			}
			found := true
			for _, part := range want {
				found = found && strings.Contains(string(buf[:n]), part)
			}
			if found {
				return
			}
		}
	}
	hears("READY=1", "STATUS=watching e")
	hears("WATCHDOG=1")
	hears("WATCHDOG=1")
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	hears("RELOADING=1", "MONOTONIC_USEC=")
	hears("READY=1")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	hears("STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
