package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/dashboards/promtest"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// A real Prometheus scrapes a running demo: its tool finds the metrics clean,
// and our rules fire for a fault with its culprit, and resolve.
func TestPrometheusOverTheDemo(t *testing.T) {
	t.Parallel()
	proctest.Need(t, "prometheus", "promtool")
	page, pulse := startDemo(t, buildBinary(t)), proctest.NewPulse(t)
	target := strings.TrimSuffix(strings.TrimPrefix(page, "http://"), "/")
	api := promtest.Start(t, "../../dashboards/prometheus.rules.yaml", target, time.Second)
	fires(t, pulse, api, "")

	res, err := http.Get(page + "metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	check := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	check.Stdin = res.Body
	if said, err := check.CombinedOutput(); err != nil || len(bytes.TrimSpace(said)) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, said)
	}

	demoFault(t, page, http.MethodPost)
	began := time.Now()
	fires(t, pulse, api, "StreamwatchCdnFault StreamwatchViewerImpact")
	t.Logf("a stale edge fires after %s", time.Since(began).Round(time.Second))
	demoFault(t, page, http.MethodDelete)
	began = time.Now()
	fires(t, pulse, api, "")
	t.Logf("and resolves after %s", time.Since(began).Round(time.Second))
}

// fires waits until the alerts that fire are the wanted ones and no others, but
// for the further views of one fault that some of them are.
func fires(t *testing.T, pulse *proctest.Pulse, api, want string) {
	t.Helper()
	got, err := "", error(nil)
	for end := time.Now().Add(proctest.Patience); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		if got, err = firing(api); err != nil {
			continue
		}
		for name := range strings.FieldsSeq(got) {
			if strings.HasPrefix(name, "StreamwatchOrigin") && pulse.Calm(time.Now().Add(-time.Minute)) {
				t.Fatalf("%s fires for a fault of the CDN", name)
			}
		}
		if want == "" && got == "" ||
			want != "" && !slices.ContainsFunc(strings.Fields(want), func(w string) bool { return !strings.Contains(got, w) }) {
			return
		}
	}
	t.Fatalf("firing: %q (%v), want %q", got, err, want)
}

// firing asks Prometheus for the alerts that fire, once it has scraped.
func firing(api string) (string, error) {
	var up struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := fetchJSON(api+"/query?query=streamwatch_monitor_heartbeat", &up); err != nil {
		return "", err
	}
	if len(up.Data.Result) == 0 {
		return "", fmt.Errorf("nothing was scraped yet")
	}
	var alerts struct {
		Data struct {
			Alerts []struct {
				State  string
				Labels map[string]string
			}
		}
	}
	if err := fetchJSON(api+"/alerts", &alerts); err != nil {
		return "", err
	}
	var names []string
	for _, a := range alerts.Data.Alerts {
		if a.State == "firing" {
			names = append(names, a.Labels["alertname"])
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " "), nil
}

func fetchJSON(url string, into any) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return json.NewDecoder(res.Body).Decode(into)
}
