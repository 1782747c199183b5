package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// TestTooBusy stops the monitor itself for some seconds, as a machine does that
// has no time for it. What it could not see in time is nobody's fault: nothing
// is opened above a warning, and all is well afterwards. The servers are ours and on
// the same machine: what a second client sees of them too is excused.
func TestTooBusy(t *testing.T) {
	t.Parallel()
	source := httptest.NewServer(sim.NewOrigin(sim.Config{TargetDuration: time.Second}))
	defer source.Close()
	base, _ := url.Parse(source.URL)
	cdn := httptest.NewServer(edge.New(edge.Config{Origin: base}))
	defer cdn.Close()
	dir, page := t.TempDir(), proctest.Address(t)
	var streams strings.Builder
	for i := range 20 {
		fmt.Fprintf(&streams, "  - {name: s%02d, manifest: /main/playlist.m3u8}\n", i)
	}
	event := fmt.Sprintf("event: busy\norigin: {url: %q}\ndistribution: {existing: {url: %q}}\n"+
		"monitor: {listen: %q}\nstreams:\n%s",
		source.URL, cdn.URL, page, streams.String())
	if err := os.WriteFile(filepath.Join(dir, "event.yaml"), []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := watchServers(t, source.URL+"/main/playlist.m3u8", cdn.URL+"/main/playlist.m3u8")
	cmd := exec.Command(buildBinary(t), "run", "event.yaml")
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr, cmd.Stdout = &said, &said
	proctest.Start(t, cmd, syscall.SIGKILL)
	well := func() bool {
		status, err := http.Get("http://" + page + "/readyz")
		if err != nil {
			return false
		}
		status.Body.Close()
		return status.StatusCode == http.StatusOK && len(openIncidents(page)) == 0
	}
	eventually(t, "a first round", well)
	for _, stop := range []time.Duration{5 * time.Second, time.Second} {
		_ = cmd.Process.Signal(syscall.SIGSTOP)
		time.Sleep(stop)
		_ = cmd.Process.Signal(syscall.SIGCONT)
		time.Sleep(2 * time.Second)
	}
	time.Sleep(3 * time.Second) // what it takes for an incident to open
	eventually(t, "an end of all that was found", well)
	_ = cmd.Process.Signal(os.Interrupt)
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
		switch {
		case in.Severity <= probe.Warning:
		case seen.slow(in.Began.Add(-5*time.Second), in.Opened.Add(5*time.Second)):
			t.Logf("the servers were slow for everybody: %s %s", in.Check, in.Detail)
		default:
			t.Errorf("%s %s %s blamed on %s: %s", in.State, in.Check, in.Severity, in.Blame, in.Detail)
		}
	}
}

// openIncidents lists what a running monitor has found and does not think to be over.
func openIncidents(page string) []probe.Incident {
	res, err := http.Get("http://" + page + "/api/v1/incidents?open=true")
	if err != nil {
		return make([]probe.Incident, 1)
	}
	defer res.Body.Close()
	var list struct{ Incidents []probe.Incident }
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		return make([]probe.Incident, 1)
	}
	return list.Incidents
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(proctest.Patience); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %s in vain for %s", proctest.Patience, what)
		}
	}
}

// witness is a client beside the monitor that asks the same servers and remembers
// when one was slow to answer, or when it did not get to run itself.
type witness struct {
	mu    sync.Mutex
	slows []time.Time
}

// watchServers asks each of some addresses ten times a second until the test ends.
func watchServers(t *testing.T, addresses ...string) *witness {
	w, client := &witness{}, http.Client{Timeout: proctest.Patience}
	for _, address := range addresses {
		go func() {
			for last := time.Now(); t.Context().Err() == nil; time.Sleep(100 * time.Millisecond) {
				if res, err := client.Get(address); err == nil {
					res.Body.Close()
				}
				if now := time.Now(); now.Sub(last) > 250*time.Millisecond {
					w.mu.Lock()
					w.slows = append(w.slows, last, now)
					w.mu.Unlock()
				}
				last = time.Now()
			}
		}()
	}
	return w
}

// slow reports whether a server was slow at some time between two.
func (w *witness) slow(from, until time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.slows {
		if at.After(from) && at.Before(until) {
			return true
		}
	}
	return false
}
