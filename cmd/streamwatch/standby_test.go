package main_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// Two hubs that other machines can reach: the second one stands by, is ready, and
// answers with the page of the first, but not with its metrics.
func TestHubThatStandsBy(t *testing.T) {
	t.Parallel()
	dir, binary, nats := t.TempDir(), buildBinary(t), proctest.Port(t)
	pages := []int{proctest.Port(t), proctest.Port(t)}
	for i, fleet := range []string{
		fmt.Sprintf("{listen: \"127.0.0.1:%d\"}", nats), fmt.Sprintf("{nats: [\"nats://127.0.0.1:%d\"]}", nats),
	} {
		text := fmt.Sprintf("event: e\norigin: {url: \"http://127.0.0.1:1\"}\n"+
			"distribution: {existing: {url: \"http://127.0.0.1:1\"}}\n"+
			"streams: [{name: main, manifest: /m.m3u8}]\nmonitor: {listen: \"0.0.0.0:%d\", insecure_listen: true}\n"+
			"fleet: %s\noutput: out-%d\n", pages[i], fleet, i)
		name := fmt.Sprintf("%d.yaml", i)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		log, err := os.Create(filepath.Join(dir, name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		cmd := exec.Command(binary, "hub", name, "--name", fmt.Sprintf("hub-%d", i))
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
		proctest.Start(t, cmd, syscall.SIGKILL)
		for path, want := range map[string]string{"/healthz": `"ok":true`, "/api/v1/status": `"event":"e"`} {
			says(t, dir, pages[i], path, 200, want)
		}
	}
	says(t, dir, pages[1], "/readyz", 200, `"standing_by":true`)
	says(t, dir, pages[1], "/metrics", 503, "stands by")
	says(t, dir, pages[0], "/metrics", 200, "streamwatch_")
}

// says waits until a page answers so.
func says(t *testing.T, dir string, port int, path string, status int, want string) {
	t.Helper()
	var last string
	client := http.Client{Timeout: proctest.Patience / 4}
	for end := time.Now().Add(proctest.Patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		res, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
		if err != nil {
			last = err.Error()
			continue
		}
		text, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		last = res.Status + " " + string(text)
		if res.StatusCode == status && strings.Contains(compact(string(text)), compact(want)) {
			return
		}
	}
	logs, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, name := range logs {
		text, _ := os.ReadFile(name)
		t.Logf("%s\n%s", name, text)
	}
	t.Fatalf("%s at %d: %s, want %d %s", path, port, last, status, want)
}

func compact(text string) string { return strings.ReplaceAll(text, " ", "") }
