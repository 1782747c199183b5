package judge

import (
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// What each side is to blame for: an alarm that stands on it names the culprit.
func TestMeasureImpact(t *testing.T) {
	for _, c := range []struct {
		blame    probe.Blame
		side     probe.Side
		severity probe.Severity
		verdict  probe.Verdict
		origin   float64
		edge     float64
	}{
		{probe.BlameCDN, probe.Edge, probe.Critical, probe.Down, 0, 2},
		{probe.BlameCDN, probe.Edge, probe.Critical, probe.Degraded, 0, 1},
		{probe.BlameEncoder, probe.Edge, probe.Critical, probe.Down, 2, 0},
		{probe.BlameOrigin, probe.Edge, probe.Error, probe.Down, 1, 0},
		{probe.BlameConfig, probe.Edge, probe.Error, probe.Degraded, 0, 1},
		{probe.BlameUnknown, probe.NoSide, probe.Critical, probe.Down, 2, 0},
		{probe.BlamePath, probe.Edge, probe.Critical, probe.Blind, 0, 0},
		{probe.BlameCDN, probe.Edge, probe.Warning, probe.OK, 0, 0},
	} {
		j := New(Options{Stream: "main"})
		j.verdict = c.verdict
		j.incidents = []*incident{{Incident: probe.Incident{Blame: c.blame, Side: c.side, Severity: c.severity}}}
		m := meter{h: &checks.History{}, at: time.Now()}
		j.impact(&m)
		got := map[probe.Side]float64{}
		for _, s := range m.out {
			got[s.Side] = s.Value
		}
		if got[probe.Origin] != c.origin || got[probe.Edge] != c.edge {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}
