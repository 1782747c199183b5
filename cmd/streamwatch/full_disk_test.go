//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// The disk fills up, an incident opens and closes meanwhile, and the disk has
// room again: the incident is told at once, the monitor says what it cannot
// write, and both lines are there in the end, once.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	a, board, hook := newAccount(t), sim.NewBoard(), &receiver{told: map[string][]string{}}
	disk := filepath.Join(a.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	proctest.SmallDisk(t, disk, "16m")
	origin, edge := onAir(t, board)
	heard := httptest.NewServer(hook)
	t.Cleanup(heard.Close)
	page := proctest.Address(t)
	a.write("event.yaml", fmt.Sprintf(`event: concert
origin: {url: %q}
distribution: {existing: {url: %q}}
streams: [{name: main, manifest: /main/playlist.m3u8}]
monitor: {listen: %q%s}
notify: {webhooks: [{url: %q, secret: hunter2}]}
output: disk
`, origin, edge, page, untimed, heard.URL))
	cmd, out := a.command(t.Context(), "run", "event.yaml")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		if t.Failed() {
			hook.mu.Lock()
			defer hook.mu.Unlock()
			t.Logf("the webhook heard %v; the program said:\n%s", hook.told, out.String())
		}
	}()
	a.await("first round", func() bool { return strings.Contains(answer(page, "/readyz"), `"ready":true`) })
	a.await("embeds", func() bool { return a.exists("disk/concert/embeds/main/hlsjs.html") })
	time.Sleep(time.Second)

	ballast := filepath.Join(disk, "ballast")
	fillDisk(t, ballast)
	if err := board.Inject(sim.Injection{Fault: "edge-503", From: time.Now()}); err != nil {
		t.Fatal(err)
	}
	a.await("sick store", func() bool {
		ready, metrics := answer(page, "/readyz"), answer(page, "/metrics")
		return strings.Contains(ready, `"error":"no space left on device"`) && strings.Contains(ready, `"ready":true`) &&
			strings.Contains(metrics, `streamwatch_sink_failing{event="concert",sink="store"} 1`) &&
			!strings.Contains(ready, disk)
	})
	closed := func() (n, all int) {
		hook.mu.Lock()
		defer hook.mu.Unlock()
		for _, states := range hook.told {
			if states[len(states)-1] == "closed" {
				n++
			}
		}
		return n, len(hook.told)
	}
	a.await("sick recordings", func() bool {
		return strings.Contains(answer(page, "/metrics"), `streamwatch_sink_failing{event="concert",sink="recordings"} 1`)
	})
	a.await("message", func() bool { _, all := closed(); return all > 0 })
	board.Clear("edge-503", "", "")
	a.await("closed webhook", func() bool { n, all := closed(); return n == all && n > 0 })
	if lines := a.lines("disk/concert/incidents.jsonl"); len(lines["closed"]) > 0 {
		t.Errorf("the disk was not full: %v", lines)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	a.await("closed line", func() bool { return len(a.lines("disk/concert/incidents.jsonl")["closed"]) > 0 })
	a.await("well again", func() bool {
		return !strings.Contains(answer(page, "/metrics"), `sink_failing{event="concert",sink="recordings"} 1`)
	})
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := a.note(cmd, out, cmd.Wait()); code != 0 {
		t.Errorf("exit code %d:\n%s", code, a.seen.String())
	}
	tapes, err := filepath.Glob(filepath.Join(disk, "concert", "recordings", "*"))
	if err != nil || len(tapes) == 0 {
		t.Errorf("no recordings: %v", err)
	}
	for _, tape := range tapes { // whatever the full disk left of it
		if code := a.run("replay", tape); code != 0 && code != 3 {
			t.Errorf("replay of %s: exit code %d:\n%s", tape, code, a.seen.String())
		}
	}
	lines := a.lines("disk/concert/incidents.jsonl")
	_, all := closed()
	for _, state := range []string{"opened", "closed"} {
		if len(lines[state]) != all {
			text, _ := os.ReadFile(filepath.Join(a.dir, "disk/concert/incidents.jsonl"))
			t.Errorf("%d incidents are %s in the log, the webhook heard of %d:\n%s", len(lines[state]), state, all, text)
		}
		for id, n := range lines[state] {
			if n != 1 {
				t.Errorf("incident %s has %d %s lines", id, n, state)
			}
		}
	}
}

// fillDisk writes a file until there is no room for a byte.
func fillDisk(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{64 << 10, 4 << 10, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("filling the disk: %v", err)
		}
	}
}

// answer is what a running streamwatch says; "" when it does not.
func answer(page, path string) string {
	r, err := http.Get("http://" + page + path)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(r.Body)
	return string(body)
}

// lines counts the lines of an incident log by state and id.
func (a *account) lines(name string) map[string]map[string]int {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.dir, name))
	if err != nil {
		a.t.Fatal(err)
	}
	count := map[string]map[string]int{}
	for line := range strings.Lines(string(text)) {
		var in struct{ ID, State string }
		if err := json.Unmarshal([]byte(line), &in); err != nil {
			a.t.Errorf("line %q: %v", line, err)
		}
		if count[in.State] == nil {
			count[in.State] = map[string]int{}
		}
		count[in.State][in.ID]++
	}
	return count
}
