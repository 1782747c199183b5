package dashboards_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/prom"
)

// A real Prometheus scrapes our metrics, and our rules fire and resolve in it.
func TestRealPrometheus(t *testing.T) {
	binary, err := exec.LookPath("prometheus")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("prometheus is missing: install Debian's package prometheus")
		}
		t.Skip("prometheus is missing (Debian's package prometheus)")
	}
	sink := prom.New(prom.Options{Event: "e"})
	server := httptest.NewServer(sink.Handler())
	defer server.Close()
	api := prometheus(t, binary, strings.TrimPrefix(server.URL, "http://"))

	write := func(age float64, state probe.IncidentState) {
		now := time.Now()
		b := probe.Batch{At: now, Samples: []probe.Sample{
			{Metric: probe.MonitorHeartbeat, Value: 1, At: now},
			{Metric: probe.ManifestAge, Stream: "main", Rendition: "720p", Side: probe.Edge, Value: age, At: now},
		}}
		if state != "" {
			b.Incidents = []probe.Incident{{ID: "a", Event: "e", Stream: "main", Check: "edge.lag", Severity: probe.Critical, Blame: probe.BlameCDN, State: state}}
		}
		if err := sink.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	write(3, "")
	await(t, api, "")
	write(30, probe.Opened)
	await(t, api, "StreamwatchCdnFault StreamwatchEdgeStale StreamwatchViewerImpact")
	write(3, probe.Closed)
	await(t, api, "")
}

// prometheus starts the real one over a target and returns its address.
func prometheus(t *testing.T, binary, target string) string {
	t.Helper()
	dir := t.TempDir()
	rules, err := filepath.Abs("prometheus.rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}\nrule_files: [%q]\nscrape_configs:\n"+
		"  - {job_name: streamwatch, static_configs: [{targets: [%q]}]}\n", rules, target)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	return "http://" + address + "/api/v1"
}

// await waits until exactly the wanted alerts fire.
func await(t *testing.T, api, want string) {
	t.Helper()
	began, got := time.Now(), "nothing"
	for time.Since(began) < 20*time.Second {
		if now, err := firing(api); err == nil {
			if got = now; got == want {
				t.Logf("%q after %s", want, time.Since(began).Round(100*time.Millisecond))
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("firing: %q, want %q", got, want)
}

// firing asks Prometheus which alerts fire, once it has evaluated any.
func firing(api string) (string, error) {
	var groups struct {
		Data struct {
			Groups []struct {
				LastEvaluation time.Time
				Rules          []struct{ Name, State, Health string }
			}
		}
	}
	response, err := http.Get(api + "/rules")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&groups); err != nil {
		return "", err
	}
	var names []string
	for _, g := range groups.Data.Groups {
		if g.LastEvaluation.Before(time.Now().Add(-time.Hour)) {
			return "", fmt.Errorf("not evaluated yet")
		}
		for _, r := range g.Rules {
			if r.Health != "ok" {
				return "", fmt.Errorf("rule %s is %s", r.Name, r.Health)
			}
			if r.State == "firing" {
				names = append(names, r.Name)
			}
		}
	}
	slices.Sort(names)
	return strings.Join(names, " "), nil
}
