package eventfile

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// The monitor is told what the event sets of the checks, and beside it what each
// stream sets; ids stand for whatever the file calls a check.
func TestOverridesOfStreams(t *testing.T) {
	const text = `event: e
origin: {url: "http://o.example"}
distribution: {existing: {url: "https://e.example"}}
streams:
  - {name: main, manifest: /m.m3u8}
  - {name: second, manifest: /s.m3u8, checks: {stale: {severity: off}, gap: {after: 3}}}
monitor: {checks: {upd.stale: {severity: critical, after: 4}}}
`
	e, err := configs.Parse("event.yaml", []byte(text), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	event := map[string]checks.Override{"upd.stale": {Severity: probe.Critical, After: 4}}
	own := map[string]checks.Override{"upd.stale": {Off: true}, "gap": {After: 3}}
	o := MonitorOptions(e, "https://e.example", nil)
	if !maps.Equal(o.Overrides, event) || o.Streams[0].Checks != nil || !maps.Equal(o.Streams[1].Checks, own) {
		t.Errorf("%+v, over %+v", o.Streams, o.Overrides)
	}
	all := Overrides(e)
	if !maps.Equal(all.Of("main"), event) || all.Of("second")["upd.stale"] != (checks.Override{Off: true, After: 4}) {
		t.Errorf("%+v", all)
	}
}

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
