package dashboards

import (
	"os"
	"strings"
	"testing"
)

// Every alarm has its entry in docs/aws.md, to which its description links.
func TestRunbook(t *testing.T) {
	text, err := os.ReadFile("../docs/aws.md")
	if err != nil {
		t.Fatal(err)
	}
	alarms, all := Alarms(concert())
	kinds := map[string]bool{}
	for i := range alarms {
		kinds[alarms[i].Kind] = true
	}
	for _, c := range all {
		kinds[c.Kind] = true
	}
	for kind := range kinds {
		if !strings.Contains(string(text), "\n### "+kind+"\n") {
			t.Errorf("docs/aws.md says nothing of %s", kind)
		}
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if kind, ok := strings.CutPrefix(line, "### "); ok && !kinds[kind] {
			t.Errorf("docs/aws.md has an entry for %s, which is no alarm", kind)
		}
	}
	if !strings.HasSuffix(describe("x", "edge-lag"), "docs/aws.md#edge-lag") {
		t.Error("descriptions link to another page")
	}
}
