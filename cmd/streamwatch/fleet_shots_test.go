package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// TestShotsOfFleet takes the picture of docs/fleet.md: a hub's page while the edge
// serves old playlists to one vantage of two.
func TestShotsOfFleet(t *testing.T) {
	if os.Getenv(shotsEnv) == "" {
		t.Skip("takes a minute; make shots runs it")
	}
	proctest.Need(t, "chromium")
	binary, ctx, board := buildBinary(t), startBrowser(t), sim.NewBoard()
	origin := httptest.NewServer(sim.NewOrigin(sim.Config{
		Streams: []string{"main"}, Renditions: make([]sim.Rendition, 2),
	}))
	t.Cleanup(origin.Close)
	nats := proctest.Address(t)
	hub := exec.Command(binary, "hub", eventFile(t, "autumn-concert", []string{"main"}, fmt.Sprintf(
		"origin: {url: \"http://origin.example\"}\ndistribution: {existing: {url: \"http://d111.cloudfront.net\"}}\n"+
			"player: {allow_insecure: true}\nfleet: {listen: %q, vantages: [eu-west-1, us-east-1]}\n", nats)))
	hub.Env = append(os.Environ(), vantagePoint(t, origin.URL, sim.NewBoard()))
	page := startPage(t, hub)
	for vantage, faults := range map[string]*sim.Board{"eu-west-1": sim.NewBoard(), "us-east-1": board} {
		agent := exec.Command(binary, "agent", "--join", "nats://"+nats, "--vantage", vantage)
		agent.Env = append(os.Environ(), vantagePoint(t, origin.URL, faults))
		start(t, vantage, agent, syscall.SIGINT)
	}
	visit(ctx, t, page, `document.getElementById("word").textContent === "ok"`)
	time.Sleep(40 * time.Second) // something to see in the plots
	if err := board.Inject(sim.Injection{Fault: "stale-edge"}); err != nil {
		t.Fatal(err)
	}
	waitOn(ctx, t, `document.querySelector(".incident")`)
	time.Sleep(15 * time.Second)
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`#spans [data-seconds="300"]`))); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	shoot(ctx, t, "page-fleet")
}

// vantagePoint starts a proxy through which an event's hosts are what they are from
// one place: an origin, and an edge with the faults that are seen from there. It
// returns the environment of a process at that place.
func vantagePoint(t *testing.T, origin string, faults *sim.Board) string {
	t.Helper()
	base, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	hosts := map[string]http.Handler{
		"origin.example":      httputil.NewSingleHostReverseProxy(base),
		"d111.cloudfront.net": sim.NewEdge(edge.Config{Origin: base}, faults, ""),
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := hosts[r.Host]; h != nil {
			h.ServeHTTP(w, r)
			return
		}
		http.Error(w, "no such host here", http.StatusBadGateway)
	}))
	t.Cleanup(proxy.Close)
	return "HTTP_PROXY=" + proxy.URL
}
