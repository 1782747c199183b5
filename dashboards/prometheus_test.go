package dashboards_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/dashboards/promtest"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/prom"
)

// A real Prometheus scrapes our metrics, and our rules fire and resolve in it.
func TestRealPrometheus(t *testing.T) {
	if _, err := exec.LookPath("prometheus"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("prometheus is missing: install Debian's package prometheus")
		}
		t.Skip("prometheus is missing (Debian's package prometheus)")
	}
	sink := prom.New(prom.Options{Event: "e"})
	server := httptest.NewServer(sink.Handler())
	defer server.Close()
	target := strings.TrimPrefix(server.URL, "http://")
	api := promtest.Start(t, "prometheus.rules.yaml", target, 500*time.Millisecond)

	write := func(age float64, state probe.IncidentState) {
		now := time.Now()
		b := probe.Batch{At: now, Samples: []probe.Sample{
			{Metric: probe.MonitorHeartbeat, Value: 1, At: now},
			{Metric: probe.ManifestAge, Stream: "main", Rendition: "720p", Side: probe.Edge, Value: age, At: now},
		}}
		if state != "" {
			b.Incidents = []probe.Incident{{
				ID: "a", Event: "e", Stream: "main", Check: "edge.lag", Severity: probe.Critical, Blame: probe.BlameCDN,
				State: state,
			}}
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
