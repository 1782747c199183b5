package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// onAir serves a live stream and an edge that fails as the board says.
func onAir(t *testing.T, board *sim.Board) (origin, shown string) {
	t.Helper()
	source := httptest.NewServer(sim.NewOrigin(sim.Config{TargetDuration: time.Second}))
	t.Cleanup(source.Close)
	base, err := url.Parse(source.URL)
	if err != nil {
		t.Fatal(err)
	}
	cdn := httptest.NewServer(sim.NewEdge(edge.Config{Origin: base}, board, ""))
	t.Cleanup(cdn.Close)
	return source.URL, cdn.URL
}

// receiver is a webhook that remembers what it was told of which incident.
type receiver struct {
	mu       sync.Mutex
	told     map[string][]string // states by check and id
	unsigned int
}

// ServeHTTP takes an incident.
func (r *receiver) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	var in struct{ ID, Check, State string }
	_ = json.Unmarshal(body, &in)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told[in.Check+" "+in.ID] = append(r.told[in.Check+" "+in.ID], in.State)
	seconds, _, _ := strings.Cut(strings.TrimPrefix(req.Header.Get("X-Streamwatch-Signature"), "t="), ",")
	at, _ := strconv.ParseInt(seconds, 10, 64)
	if req.Header.Get("X-Streamwatch-Signature") != notify.Signature("hunter2", time.Unix(at, 0), body) {
		r.unsigned++
	}
}

// heard says that there was a message, and that the newest of each incident is of a state.
func (r *receiver) heard(state string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, states := range r.told {
		if states[len(states)-1] != state && (state != "opened" || states[0] != state) {
			return false
		}
	}
	return len(r.told) > 0
}

// untimed are keys of monitor for tests that are not about slow servers: on a busy
// machine the simulator is one.
const untimed = ", checks: {seg.slow: {severity: off}, http.ttfb: {severity: off}}"

// What is measured arrives in CloudWatch under the names of the contract, and a
// webhook hears of an incident when it opens and when it closes.
func TestSinks(t *testing.T) {
	t.Parallel()
	a, board, hook := newAccount(t), sim.NewBoard(), &receiver{told: map[string][]string{}}
	origin, edge := onAir(t, board)
	heard := httptest.NewServer(hook)
	t.Cleanup(heard.Close)
	a.write("event.yaml", fmt.Sprintf(`event: concert
origin: {url: %q}
distribution: {existing: {url: %q}}
streams: [{name: main, manifest: /main/playlist.m3u8}]
monitor: {listen: ""%s}
metrics: {cloudwatch: {namespace: Events, period: 1s}, emf: true}
notify: {webhooks: [{url: %q, secret: hunter2}]}
`, origin, edge, untimed, heard.URL+"/key-of-aws"))
	cmd, out := a.command(t.Context(), "run", "event.yaml")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.await("sample", func() bool {
		return a.cloud.Samples()["Events/SegmentAvailable Event=concert Stream=main Side=edge"] > 0
	})
	if err := board.Inject(sim.Injection{Fault: "edge-503", From: time.Now()}); err != nil {
		t.Fatal(err)
	}
	a.await("message", func() bool { return hook.heard("opened") })
	board.Clear("edge-503", "", "")
	a.await("message of its end", func() bool { return hook.heard("closed") })
	time.Sleep(2 * time.Second) // two periods: all has been put
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := a.note(cmd, out, cmd.Wait()); code != 0 {
		t.Errorf("exit code %d:\n%s", code, a.seen.String())
	}
	got := slices.Sorted(maps.Keys(a.cloud.Samples()))
	for _, m := range probe.Catalog() {
		names := []string{"Events/" + m.Name + " Event=concert"}
		switch m.Scope {
		case probe.ByViewer, probe.ByVerdict:
			continue // beacons are off: nothing is put, and nothing is paid
		case probe.ByEvent:
		case probe.ByStream:
			names[0] += " Stream=main"
		case probe.BySide:
			names = []string{names[0] + " Stream=main Side=edge", names[0] + " Stream=main Side=origin"}
		}
		for _, name := range names {
			i, found := slices.BinarySearch(got, name)
			if !found {
				t.Errorf("no samples of %s", name)
				continue
			}
			got = slices.Delete(got, i, i+1)
		}
		if !strings.Contains(a.seen.String(), `"Name":"`+m.Name+`"`) {
			t.Errorf("%s is not on stdout", m.Name)
		}
	}
	if len(got) > 0 {
		t.Errorf("what nobody asked for: %s", got)
	}
	if len(hook.told) == 0 || hook.unsigned > 0 {
		t.Errorf("the webhook heard of %d incidents, %d times unsigned", len(hook.told), hook.unsigned)
	}
	for id, states := range hook.told {
		// What changed in between is told as "updated".
		if n := len(states); n < 2 || states[0] != "opened" || states[n-1] != "closed" {
			t.Errorf("%s: the webhook heard %v, want it opened first and closed last", id, states)
		}
	}
	for _, c := range a.cloud.Calls() {
		if c.Form != nil {
			t.Errorf("%s was called", c.Action)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(a.seen.String(), secret) {
			t.Errorf("a secret is shown:\n%s", a.seen.String())
		}
	}
}

// An event that does not ask for CloudWatch asks nothing of AWS.
func TestNoCallsWithoutMetrics(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	origin, edge := onAir(t, nil)
	a.write("event.yaml", fmt.Sprintf("event: concert\norigin: {url: %q}\ndistribution: {existing: {url: %q}}\n"+
		"streams: [{name: main, manifest: /main/playlist.m3u8}]\n"+
		"monitor: {listen: \"\"}\nalarms: {email: [ops@example.com]}\n", origin, edge))
	a.want(0, "run", "event.yaml", "--for", "4s")
	if calls := a.cloud.Calls(); len(calls) > 0 {
		t.Errorf("asked %v", calls)
	}
	if !strings.Contains(a.seen.String(), "metrics.cloudwatch") {
		t.Errorf("nobody says that alarms.email has no effect:\n%s", a.seen.String())
	}
}
