package player_test

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// While nothing new comes the buffer lasts half as long again, at no less than
// half speed; afterwards the viewer catches up and plays as before.
func TestTempo(t *testing.T) {
	t.Parallel()
	proctest.Need(t, "node")
	out, err := exec.CommandContext(t.Context(), "node", "testdata/tempo.mjs").Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Buffered, Lasted, Slowest, Caught, Late float64
		Muted                                   bool
	}
	if err := json.Unmarshal(out, &rows); err != nil || len(rows) == 0 {
		t.Fatalf("%v: %s", err, out)
	}
	for _, r := range rows {
		long, least := 1.5, 0.5
		if r.Muted {
			long, least = 1.7, 0.4
		}
		if r.Lasted < long*r.Buffered || r.Slowest < least {
			t.Errorf("%v s last for %v s, at %v at the least, muted: %v", r.Buffered, r.Lasted, r.Slowest, r.Muted)
		}
		if r.Caught == 0 || r.Caught > 20 || r.Late > 0.5 {
			t.Errorf("after %v s of catching up it is %v s behind", r.Caught, r.Late)
		}
	}
}
