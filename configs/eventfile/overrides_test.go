package eventfile

import (
	"os"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// What --checks says is read as monitor.checks is; what is wrong in it is said
// without places in a file.
func TestOverrides(t *testing.T) {
	r := &Reader{Env: os.LookupEnv}
	_, all, err := r.Overrides("", "{stale: {severity: warning, after: 4}}")
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, o := range all {
		if o.After != 4 || o.Severity != probe.Warning || o.Off {
			t.Errorf("%+v", o)
		}
	}
	_, _, err = r.Overrides("", "{stael: {after: 4}, stale: {after: -1}}")
	if err == nil || !strings.Contains(err.Error(), `unknown check "stael"; `) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}
