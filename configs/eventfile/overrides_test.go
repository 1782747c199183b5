package eventfile

import (
	"os"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// What --checks says is read as monitor.checks is; what is wrong in it is said
// without places in a file.
func TestParseOverrides(t *testing.T) {
	all, err := ParseOverrides("{stale: {severity: warning, after: 4}}", os.LookupEnv)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, o := range all {
		if o.After != 4 || o.Severity != probe.Warning || o.Off {
			t.Errorf("%+v", o)
		}
	}
	_, err = ParseOverrides("{stael: {after: 4}, stale: {after: -1}}", os.LookupEnv)
	if err == nil || !strings.Contains(err.Error(), `unknown check "stael"; `) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}
