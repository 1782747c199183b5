package incident

import (
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
)

// What each side is to blame for: an alarm that stands on it names the culprit.
func TestImpact(t *testing.T) {
	for _, c := range []struct {
		blame    probe.Blame
		side     probe.Side
		severity probe.Severity
		lost     bool
		verdict  probe.Verdict
		origin   float64
		edge     float64
	}{
		{probe.BlameCDN, probe.Edge, probe.Critical, false, probe.Down, 0, 2},
		{probe.BlameCDN, probe.Edge, probe.Error, false, probe.Degraded, 0, 1},
		{probe.BlameEncoder, probe.Edge, probe.Critical, false, probe.Down, 2, 0},
		{probe.BlameConfig, probe.Edge, probe.Error, false, probe.Degraded, 0, 1},
		{probe.BlameUnknown, probe.NoSide, probe.Critical, false, probe.Down, 2, 0},
		{probe.BlamePath, probe.Edge, probe.Warning, true, probe.Blind, 0, 0},
		{probe.BlameCDN, probe.Edge, probe.Warning, false, probe.OK, 0, 0},
	} {
		d := &Desk{seats: map[string]*seat{}, tally: map[probe.Verdict]int{}, book: &Book{open: []*entry{{
			Incident: probe.Incident{Blame: c.blame, Side: c.side, Severity: c.severity, Because: "why"},
			diagnosis: diagnose.Diagnosis{
				Blame: c.blame, Lost: c.lost, Hits: []diagnose.Hit{{Stream: "s", Severity: c.severity}},
			},
		}}}}
		r := d.row("", "s").seat
		r.rows[0].Base = probe.OK
		d.judge(r, d.opts.Starts)
		if v := r.verdict; v.Verdict != c.verdict || v.Impact[probe.Origin] != c.origin || v.Impact[probe.Edge] != c.edge {
			t.Errorf("%+v: %s, impact %v", c, v.Verdict, v.Impact)
		}
	}
}
