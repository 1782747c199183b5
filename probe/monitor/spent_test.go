package monitor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// The time in each verdict adds up to the time that went by, and a verdict
// begins when it did, not with the next poll.
func TestTimeInVerdict(t *testing.T) {
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	var s Spent
	for _, step := range []struct {
		at, since float64
		verdict   probe.Verdict
		muted     bool
		want      string
	}{
		{0, 0, probe.Waiting, false, ""},
		{2, 0, probe.Waiting, false, "waiting 2"},
		{4, 3, probe.OK, false, "waiting 1 ok 1"},
		{6, 3, probe.OK, false, "ok 2"},
		{5, 3, probe.OK, false, ""}, // comes late
		{8, 8, probe.Down, false, "ok 2"},
		{11, 8, probe.Down, true, "down 3 down 3 silenced"},
		{12, 7, probe.OK, true, "ok 1 ok 1 silenced"}, // since before it was counted as down
		{13, 14, probe.Down, false, "ok 1 ok 1 silenced"},
	} {
		at := func(s float64) time.Time { return start.Add(probe.Seconds(s)) }
		v := incident.Verdict{Verdict: step.verdict, Since: at(step.since)}
		if step.muted {
			v.Silenced = &probe.Muting{}
		}
		var got []string
		for _, sample := range s.Add(nil, "main", v, at(step.at)) {
			text := fmt.Sprintf("%s %g", sample.Rendition, sample.Value)
			if sample.Metric == probe.SilencedTime {
				text += " silenced"
			}
			got = append(got, text)
		}
		if text := strings.Join(got, " "); text != step.want {
			t.Errorf("at %g s: got %q, want %q", step.at, text, step.want)
		}
	}
}
