package report

import (
	"strings"
	"testing"
)

func TestRunbook(t *testing.T) {
	if text, ok := Runbook("upd.stale"); !ok || !strings.Contains(text, "severity") {
		t.Errorf("the runbook: %q, %v", text, ok)
	}
	if _, ok := Runbook("nope"); ok {
		t.Error("a runbook of a check that is none")
	}
}
