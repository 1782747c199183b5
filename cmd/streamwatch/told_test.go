//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// pager is a service like PagerDuty that can be out of order.
type pager struct {
	mu    sync.Mutex
	sick  bool
	tried int
	took  map[string][]string // actions by dedup key
}

func (p *pager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e struct {
		Action string `json:"event_action"`
		Key    string `json:"dedup_key"`
	}
	_ = json.NewDecoder(r.Body).Decode(&e)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tried++; p.sick {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	p.took[e.Key] = append(p.took[e.Key], e.Action)
	w.WriteHeader(http.StatusAccepted)
}

// each calls do with the actions of every alert.
func (p *pager) each(do func(key string, actions []string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, actions := range p.took {
		do(key, slices.Clone(actions))
	}
}

func (p *pager) tries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tried
}

// An outage while the pager is out of order, and the monitor killed meanwhile:
// the next run pages, once; an acknowledgement and the end get there too.
func TestToldAfterAKill(t *testing.T) {
	t.Parallel()
	a, board, page := newAccount(t), sim.NewBoard(), proctest.Address(t)
	service := &pager{sick: true, took: map[string][]string{}}
	heard := httptest.NewServer(service)
	t.Cleanup(heard.Close)
	origin, edge := onAir(t, board)
	a.write("event.yaml", fmt.Sprintf(`event: concert
origin: {url: %q}
distribution: {existing: {url: %q}}
streams: [{name: main, manifest: /main/playlist.m3u8}]
monitor: {listen: %q%s}
notify:
  group: {wait: 1s}
  pagerduty: [{routing_key: "%032d", url: %q, severity: error}]
`, origin, edge, page, untimed, 7, heard.URL+"/v2/enqueue"))
	start := func() func(os.Signal) {
		cmd, out := a.command(t.Context(), "run", "event.yaml")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return func(s os.Signal) {
			_ = cmd.Process.Signal(s)
			a.note(cmd, out, cmd.Wait())
		}
	}
	end := start()
	a.await("first round", func() bool { return strings.Contains(answer(page, "/readyz"), `"ready":true`) })
	now := time.Now()
	if err := board.Inject(sim.Injection{Fault: "edge-503", From: now, Until: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	a.await("try", func() bool { return service.tries() > 0 })
	a.await("sick receiver", func() bool {
		return strings.Contains(answer(page, "/metrics"), `streamwatch_sink_failing{event="concert",sink="pagerduty-1"} 1`)
	})
	end(os.Kill)
	service.mu.Lock()
	service.sick = false
	service.mu.Unlock()
	end = start()
	has := func(action string) func() bool {
		return func() (seen bool) {
			service.each(func(_ string, actions []string) { seen = seen || slices.Contains(actions, action) })
			return seen
		}
	}
	a.await("page", has("trigger"))
	a.await("first round", func() bool { return strings.Contains(answer(page, "/readyz"), `"ready":true`) })
	taken := map[string]bool{}
	a.await("incident that is open", func() bool { // on a busy machine one may be over already
		var told []string
		service.each(func(key string, _ []string) { told = append(told, key) })
		for _, key := range told { // not in each, which keeps the service waiting
			if a.run("ack", key, "http://"+page, "--by", "ana", "--note", "on it") == 0 {
				taken[key] = true
			}
		}
		return len(taken) > 0
	})
	each := func(action string, of func(key string) bool) func() bool {
		return func() bool {
			missing := false
			service.each(func(key string, actions []string) {
				missing = missing || of(key) && !slices.Contains(actions, action)
			})
			return !missing
		}
	}
	a.await("acknowledgement of each", each("acknowledge", func(key string) bool { return taken[key] }))
	board.Clear("edge-503", "", "")
	a.await("end of each", each("resolve", func(string) bool { return true }))
	sent := `streamwatch_notifications_total{event="concert",receiver="pagerduty-1",result="sent"}`
	if counts := answer(page, "/metrics"); !strings.Contains(counts, sent) {
		t.Error("sent messages are not counted")
	}
	end(os.Interrupt)
	service.each(func(key string, actions []string) {
		opened := slices.Index(actions, "acknowledge")
		if actions[0] != "trigger" || actions[len(actions)-1] != "resolve" || taken[key] && opened < 1 {
			t.Errorf("%s: %v", key, actions)
		}
	})
	if strings.Contains(a.seen.String(), fmt.Sprintf("%032d", 7)) {
		t.Error("the routing key is shown")
	}
}
