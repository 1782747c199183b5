package main_test

import (
	"bytes"
	"encoding/json"
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

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// TestTooBusy stops the monitor itself for some seconds, as a machine does that
// has no time for it. What it could not see in time is nobody's fault: nothing
// is opened above a warning, and nothing stays open.
func TestTooBusy(t *testing.T) {
	t.Parallel()
	source := httptest.NewServer(sim.NewOrigin(sim.Config{TargetDuration: time.Second}))
	defer source.Close()
	base, _ := url.Parse(source.URL)
	cdn := httptest.NewServer(edge.New(edge.Config{Origin: base}))
	defer cdn.Close()
	dir := t.TempDir()
	var streams strings.Builder
	for i := range 20 {
		fmt.Fprintf(&streams, "  - {name: s%02d, manifest: /main/playlist.m3u8}\n", i)
	}
	event := fmt.Sprintf("event: busy\norigin: {url: %q}\ndistribution: {existing: {url: %q}}\nmonitor: {listen: \"\"}\nstreams:\n%s",
		source.URL, cdn.URL, streams.String())
	if err := os.WriteFile(filepath.Join(dir, "event.yaml"), []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(buildBinary(t), "run", "event.yaml", "--for", "24s")
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr, cmd.Stdout = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(7 * time.Second)
	for _, stop := range []time.Duration{5 * time.Second, time.Second} {
		_ = cmd.Process.Signal(syscall.SIGSTOP)
		time.Sleep(stop)
		_ = cmd.Process.Signal(syscall.SIGCONT)
		time.Sleep(2 * time.Second)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	log, err := os.ReadFile(filepath.Join(dir, "streamwatch-out", "busy", "incidents.jsonl"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range bytes.Lines(log) {
		var in probe.Incident
		if err := json.Unmarshal(line, &in); err != nil {
			t.Fatal(err)
		}
		if in.Severity > probe.Warning {
			t.Errorf("%s %s %s blamed on %s: %s", in.State, in.Check, in.Severity, in.Blame, in.Detail)
		}
	}
}
