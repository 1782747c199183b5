package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// systemd takes the unit, and finds it well locked up. It goes on for as long as
// the event does, however often it fails.
func TestUnit(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		skip(t, "systemd-analyze is not installed (Debian's package systemd)")
	}
	text, err := os.ReadFile("streamwatch@.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"StartLimitIntervalSec=0\n", "RestartSec=", "Restart=on-failure\n", "RestartPreventExitStatus=2\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the unit has no %s", want)
		}
	}
	// The program is not installed here.
	unit := filepath.Join(t.TempDir(), "streamwatch@.service")
	installed := strings.Replace(string(text), "ExecStart=streamwatch ", "ExecStart=/bin/true ", 1)
	if err := os.WriteFile(unit, []byte(installed), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errs, err := run(t, analyze, "verify", "--man=no", unit); err != nil || out+errs != "" {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
	if out, errs, err := run(t, analyze, "security", "--offline=true", "--threshold=20", "--no-pager", unit); err != nil {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
}
