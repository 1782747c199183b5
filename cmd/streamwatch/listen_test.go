//go:build linux

package main_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// TestRunListens: without a fleet in its file, run listens for the page and for
// nothing else.
func TestRunListens(t *testing.T) {
	t.Parallel()
	source := httptest.NewServer(sim.NewOrigin(sim.Config{}))
	defer source.Close()
	base, err := url.Parse(source.URL)
	if err != nil {
		t.Fatal(err)
	}
	cdn := httptest.NewServer(edge.New(edge.Config{Origin: base}))
	defer cdn.Close()
	dir, port := t.TempDir(), proctest.Port(t)
	event := fmt.Sprintf("event: quiet\norigin: {url: %q}\ndistribution: {existing: {url: %q}}\n"+
		"monitor: {listen: \"127.0.0.1:%d\"}\n"+
		"streams:\n  - {name: main, manifest: /main/playlist.m3u8}\n", source.URL, cdn.URL, port)
	if err := os.WriteFile(filepath.Join(dir, "event.yaml"), []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(buildBinary(t), "run", "event.yaml", "--for", "10m")
	cmd.Dir = dir
	proctest.Start(t, cmd, syscall.SIGKILL)
	written := filepath.Join(dir, "streamwatch-out", "quiet", "embeds", "main", "index.html")
	for end := time.Now().Add(proctest.Patience); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(written); err == nil {
			break // all of its parts are running
		}
		if time.Now().After(end) {
			t.Fatal("the embeds were not written")
		}
	}
	got, want := listening(t, cmd.Process.Pid), []string{fmt.Sprintf("0100007F:%04X", port)}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("it listens at %v, want %v", got, want)
	}
}

// listening lists the TCP addresses where a process listens, as proc(5) writes them.
func listening(t *testing.T, pid int) (list []string) {
	t.Helper()
	open := map[string]bool{}
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name())); err == nil {
			open[to] = true
		}
	}
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			const listens = "0A"
			if f := strings.Fields(line); len(f) > 9 && f[3] == listens && open["socket:["+f[9]+"]"] {
				list = append(list, f[1])
			}
		}
	}
	return list
}
