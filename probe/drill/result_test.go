package drill

import (
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// A drill that was not met says how it missed.
func TestResults(t *testing.T) {
	d := Drill{Fault: "stall", Checks: []string{"a.check"}, Blame: []probe.Blame{probe.BlameEncoder}}
	seen := &probe.Incident{Check: "a.check", Blame: probe.BlameEncoder}
	outcomes := map[string]Outcome{
		Found:     {Drill: d, Changed: 1, Incident: seen, Delay: time.Second, Allowance: 2 * time.Second},
		"late":    {Drill: d, Changed: 1, Incident: seen, Delay: 3 * time.Second, Allowance: 2 * time.Second},
		"missed":  {Drill: d, Changed: 1},
		"vacuous": {Drill: d, Incident: seen},
		"noisy":   {Drill: d, Changed: 1, Incident: seen, Others: []probe.Incident{{Check: "another"}}},
	}
	for want, o := range outcomes {
		all, rows := Results([]Outcome{o})
		if len(rows) != 2 || all[0].Result != want || rows[1][1] != want {
			t.Errorf("%s: %+v", want, all)
		}
		if noisy := strings.HasSuffix(rows[1][7], "and another"); noisy != (want == "noisy") {
			t.Errorf("%s: %v", want, rows[1])
		}
	}
}

// What nobody can drill is the user's mistake; who names nothing means all.
func TestNamed(t *testing.T) {
	if all, err := Named(nil); err != nil || len(all) != len(Every()) {
		t.Errorf("%d drills, %v", len(all), err)
	}
	if two, err := Named([]string{"stall", "second:edge-503"}); err != nil || len(two) != 2 || two[0].Fault != "stall" {
		t.Errorf("%+v, %v", two, err)
	}
	if _, err := Named([]string{"stal"}); !probe.IsUsage(err) || !strings.Contains(probe.HintOf(err), "stall") {
		t.Errorf("%v, hint %q", err, probe.HintOf(err))
	}
	if n := strings.Count(Faults(), "\n") + 1; n != len(Every()) {
		t.Errorf("%d lines", n)
	}
}
