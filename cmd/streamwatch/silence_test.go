package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// An edge fails in a silence: the incident is there and nobody is told, also
// after the monitor was killed and runs again. Somebody acknowledges it and
// somebody ends the silence: then the webhook is told, and the report has all
// that people did.
func TestSilencedAcrossAKill(t *testing.T) {
	t.Parallel()
	a, board, hook := newAccount(t), sim.NewBoard(), &receiver{told: map[string][]string{}}
	origin, edge := onAir(t, board)
	heard := httptest.NewServer(hook)
	t.Cleanup(heard.Close)
	page := a.watchedBy(fmt.Sprintf(`event: concert
origin: {url: %q}
distribution: {existing: {url: %q}}
streams: [{name: main, manifest: /main/playlist.m3u8}]
notify: {webhooks: [{url: %q, secret: hunter2}]}
maintenance: [{from: 2030-01-01T00:00:00Z, to: 2030-01-02T00:00:00Z, reason: new year}]
`, origin, edge, heard.URL))
	told := func() int {
		hook.mu.Lock()
		defer hook.mu.Unlock()
		return len(hook.told)
	}
	open := func() (in probe.Incident) {
		var list struct{ Incidents []probe.Incident }
		err := json.Unmarshal([]byte(answer(page, "/api/v1/incidents?open=true")), &list)
		if err == nil && len(list.Incidents) > 0 {
			in = list.Incidents[0]
		}
		return in
	}

	first := a.watch()
	ready := func() bool { return strings.Contains(answer(page, "/readyz"), `"ready":true`) }
	a.await("first round", ready)
	a.want(0, "silence", "http://"+page, "--stream", "main", "--for", "1h", "--reason", "new encoder", "--by", "ana")
	if err := board.Inject(sim.Injection{Fault: "edge-503", From: time.Now()}); err != nil {
		t.Fatal(err)
	}
	a.await("silenced incident", func() bool {
		in := open()
		return in.Severity == probe.Critical && in.Muted()
	})
	in := open()
	a.want(0, "ack", in.ID, "http://"+page, "--by", "ben", "--note", "calling the CDN")
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()

	second := a.watch()
	a.await("the incident again", func() bool {
		now := open()
		return now.ID == in.ID && now.Muted() && now.Acknowledged != nil && now.Acknowledged.Note == "calling the CDN"
	})
	var list struct{ Silences []probe.Silence }
	if err := json.Unmarshal([]byte(answer(page, "/api/v1/silences")), &list); err != nil || len(list.Silences) != 2 {
		t.Fatalf("silences %+v, %v; want the one of before and the maintenance", list, err)
	}
	planned, active := list.Silences[0], list.Silences[1]
	if planned.State != probe.SilencePending || !planned.Maintenance || active.By != "ana" {
		t.Errorf("silences %+v", list)
	}
	if n := told(); n > 0 {
		t.Errorf("the webhook was told of %d incidents in the silence", n)
	}
	a.want(0, "silence", "expire", list.Silences[1].ID, "http://"+page, "--by", "cleo")
	a.await("webhook", func() bool { return told() > 0 })
	if err := second.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	a.reported(in.ID)
}

// reported requires that the report has what people did in the second run.
func (a *account) reported(incident string) {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.dir, "streamwatch-out/concert/report.json"))
	if err != nil {
		a.t.Fatal(err)
	}
	var report struct {
		Silences  []probe.Silence
		Actions   []probe.Action
		Incidents []probe.Incident
	}
	if err := json.Unmarshal(text, &report); err != nil {
		a.t.Fatal(err)
	}
	if len(report.Silences) != 1 || report.Silences[0].Reason != "new encoder" {
		a.t.Errorf("silences in the report: %+v", report.Silences)
	}
	n := len(report.Actions)
	if n == 0 || report.Actions[n-1].Kind != probe.ActExpire || report.Actions[n-1].By != "cleo" {
		a.t.Errorf("actions in the report: %+v", report.Actions)
	}
	if !slices.ContainsFunc(report.Incidents,
		func(in probe.Incident) bool { return in.ID == incident && in.Acknowledged != nil }) {
		a.t.Errorf("incidents in the report: %+v", report.Incidents)
	}
	page, err := os.ReadFile(filepath.Join(a.dir, "streamwatch-out/concert/report.html"))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, want := range []string{
		"Silences and maintenance", "What people did", "ended the silence of main: new encoder", "acknowledged by ben",
	} {
		if !strings.Contains(string(page), want) {
			a.t.Errorf("report.html lacks %q", want)
		}
	}
}

// watchedBy writes an event whose page is at a free address, which it returns.
func (a *account) watchedBy(event string) string {
	a.t.Helper()
	page := proctest.Address(a.t)
	a.write("event.yaml", event+fmt.Sprintf("monitor: {listen: %q%s}\n", page, untimed))
	return page
}

// watch starts a run of the event; the end of the test ends it.
func (a *account) watch() *exec.Cmd {
	a.t.Helper()
	cmd, _ := a.command(a.t.Context(), "run", "event.yaml")
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}
