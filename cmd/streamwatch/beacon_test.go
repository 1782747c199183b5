package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// A page of the demo reports to the monitor when its viewer leaves it, also
// from a sandboxed frame, and /metrics, the API and the page show it.
func TestBeaconOfAViewer(t *testing.T) {
	t.Parallel()
	proctest.Need(t, "chromium")
	page := startDemo(t, buildBinary(t))
	ctx := startBrowser(t)
	for _, kind := range []string{"hlsjs", "videojs", "iframe"} {
		eventually(t, "the embed "+kind, func() bool { return status(page+"embed/main/"+kind) == http.StatusOK })
		if err := chromedp.Do(ctx, chromedp.Navigate(page+"embed/main/"+kind)); err != nil {
			t.Fatal(err)
		}
		if kind == "iframe" { // nobody can look into it
			time.Sleep(5 * time.Second)
		} else {
			plays(ctx, t)
		}
		if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
			t.Fatal(err)
		}
	}
	series := regexp.MustCompile(`(?m)^streamwatch_viewer_startup_seconds_count\{event="demo",kind="(hlsjs|videojs)",` +
		`stream="main"\} ([12])$`)
	var text string
	for end := time.Now().Add(proctest.Patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		text = read(t, page+"metrics")
		got := fmt.Sprint(series.FindAllStringSubmatch(text, -1))
		if strings.Contains(got, "hlsjs 2]") && strings.Contains(got, "videojs 1]") { // the iframe shows hls.js
			break
		}
	}
	if n := series.FindAllStringSubmatch(text, -1); len(n) != 2 || n[0][2] != "2" || n[1][2] != "1" {
		t.Errorf("startups %v in\n%s", n, text)
	}
	played := `(?m)^streamwatch_viewer_played_seconds_total\{event="demo",kind="hlsjs",stream="main"\} [1-9]`
	if !regexp.MustCompile(played).MatchString(text) {
		t.Errorf("nothing was played in\n%s", text)
	}
	if s := read(t, page+"api/v1/status"); !strings.Contains(s, `"startup_p50_seconds":`) {
		t.Errorf("no viewers in %s", s)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	waitOn(ctx, t, `document.getElementById("viewers").textContent.startsWith("Viewers, as they report: startup ")`)
}

// Off is off: a monitor that was not asked to take beacons has no such place.
// One that was takes them from anyone, and asks everybody else for the password.
func TestBeaconIsOffByDefault(t *testing.T) {
	t.Parallel()
	origin := httptest.NewServer(sim.NewOrigin(sim.Config{Streams: []string{"main"}}))
	defer origin.Close()
	binary := buildBinary(t)
	for _, c := range []struct {
		keys         string
		beacon, page int
		published    string
	}{
		{"", http.StatusNotFound, http.StatusOK, ""},
		{
			"  beacon: true\n  auth: {username: ops, password: hunter2}\n" +
				"player: {beacon: \"https://monitor.example.com/api/v1/beacon\"}\n",
			http.StatusNoContent, http.StatusUnauthorized, "https://monitor.example.com/api/v1/beacon",
		},
	} {
		dir := t.TempDir()
		text := fmt.Sprintf("event: concert\norigin: {url: %q}\ndistribution: {existing: {url: %q}}\n"+
			"streams: [{name: main, manifest: /main/playlist.m3u8}]\n"+
			"monitor:\n  listen: 127.0.0.1:%d\n%s", origin.URL, origin.URL, proctest.Port(t), c.keys)
		if err := os.WriteFile(filepath.Join(dir, "event.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(binary, "run", "event.yaml")
		cmd.Dir = dir
		page := startPage(t, cmd)
		got, _ := request(t, http.MethodPost, page+"api/v1/beacon", `{"event":"concert","stream":"main","kind":"hlsjs"}`)
		if got != c.beacon {
			t.Errorf("beacon: status %d, want %d", got, c.beacon)
		}
		if got, _ := request(t, http.MethodGet, page+"metrics", ""); got != c.page {
			t.Errorf("metrics: status %d, want %d", got, c.page)
		}
		var published []byte
		end := time.Now().Add(proctest.Patience)
		for ; len(published) == 0 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			published, _ = os.ReadFile(filepath.Join(dir, "streamwatch-out", "concert", "embeds", "main", "hlsjs.html"))
		}
		told := strings.Contains(string(published), fmt.Sprintf(" beacon=%q", c.published))
		if told != (c.published != "") || len(published) == 0 {
			t.Errorf("the published page does not report to %q:\n%s", c.published, published)
		}
	}
}

// read fetches a text.
func read(t *testing.T, url string) string {
	t.Helper()
	status, text := request(t, http.MethodGet, url, "")
	if status != http.StatusOK {
		t.Fatalf("GET %s: status %d", url, status)
	}
	return text
}

func request(t *testing.T, method, url, body string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/plain")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// status is what an address answers with; 0 is nothing.
func status(address string) int {
	res, err := http.Get(address)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}
