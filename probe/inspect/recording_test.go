package inspect_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/inspect"
	"github.com/streamwatch/streamwatch/probe/record"
)

// A recording gives the same finding again, and none where its check is off.
func TestRecording(t *testing.T) {
	const name = "../../cmd/streamwatch/testdata/stale-edge.jsonl.gz"
	var found string
	for _, off := range []bool{false, true} {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var change record.Change
		if off {
			change = record.Overriding(nil, map[string]checks.Override{found: {Off: true}})
		}
		got, err := inspect.Recording("incident", f, change)
		_ = f.Close()
		if err != nil || got.URL != "incident" || got.Looks == 0 || len(got.Recorded) == 0 {
			t.Fatalf("%+v, %v", got, err)
		}
		if !off {
			if !got.Bad() || len(got.Findings) != len(got.Incidents) {
				t.Fatalf("findings %+v", got.Findings)
			}
			found = got.Findings[0].Check
			continue
		}
		for i := range got.Findings {
			if got.Findings[i].Check == found {
				t.Errorf("%s is off, and found", found)
			}
		}
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := inspect.Recording("x", bytes.NewReader(whole[:len(whole)/40]), nil); err == nil ||
		probe.HintOf(err) == "" {
		t.Errorf("cut off before the first look: %+v, %v", got, err)
	}
	if _, err := inspect.Recording("x", strings.NewReader("no recording"), nil); err == nil || probe.HintOf(err) == "" {
		t.Errorf("no recording: %v", err)
	}
}
