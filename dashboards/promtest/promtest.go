// Package promtest runs a real Prometheus for tests of metrics and rules.
//
// The rule that keeps it simple: it starts and ends the process; what to expect of
// it is the test's.
package promtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

const config = `global: {scrape_interval: %[1]s, scrape_timeout: %[1]s, evaluation_interval: %[1]s}
rule_files: [%[2]q]
scrape_configs:
  - {job_name: streamwatch, static_configs: [{targets: [%[3]q]}]}
`

// Start starts Prometheus, which must be installed, over a target such as
// "127.0.0.1:8090" and with a file of rules. It scrapes and evaluates every so
// often and ends with the test. api is the address of its API.
func Start(t *testing.T, rules, target string, every time.Duration) (api string) {
	t.Helper()
	rules, err := filepath.Abs(rules)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, every, rules, target), 0o600); err != nil {
		t.Fatal(err)
	}
	address := proctest.Address(t)
	cmd := exec.Command("prometheus", "--config.file="+file, //nolint:gosec,noctx // of ours; the test ends it
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	proctest.Start(t, cmd, syscall.SIGINT)
	return "http://" + address + "/api/v1"
}
