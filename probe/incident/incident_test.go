package incident_test

import (
	"slices"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
)

func TestVerdictSince(t *testing.T) {
	j := watching(incident.Options{}, checks.Options{}, "v")
	step(j, poll(target("v", probe.Origin), at(0), live(100, 6)))
	step(j, poll(target("v", probe.Origin), at(1), live(100, 6)))
	if s := j.Verdict(); !s.Since.Equal(at(0)) {
		t.Errorf("ok since %v, want %v", s.Since, at(0))
	}
	step(j, failed(target("v", probe.Origin), at(2), 503, ""))
	step(j, failed(target("v", probe.Origin), at(3), 503, "")) // a warning as yet
	step(j, failed(target("v", probe.Origin), at(4), 503, ""))
	if s := j.Verdict(); s.Verdict == probe.OK || !s.Since.Equal(at(4)) {
		t.Errorf("%s since %v, want another verdict since %v", s.Verdict, s.Since, at(4))
	}
}

// A fault that came back once is held open for as long as it was away, lest it be told
// at each of its returns. Viewers can play meanwhile, and the verdict says so.
func TestWhatIsOnlyHeldOpenIsNotDown(t *testing.T) {
	j := watching(incident.Options{}, checks.Options{}, "v")
	down := func(sec float64) bool { return sec >= 10 && sec < 40 || sec >= 94 && sec < 118 }
	for sec := 0.0; sec < 240; sec++ {
		for _, side := range probe.Sides {
			o := poll(target("v", side), at(sec), live(100+uint64(sec/2), 6))
			if down(sec) && side == probe.Edge {
				o = failed(target("v", side), at(sec), 503, "")
			}
			step(j, o)
		}
		v, open := j.Verdict().Verdict, len(j.desk.Open())
		switch sec {
		case 30, 110:
			if v != probe.Down || open != 1 {
				t.Errorf("after %v s: %s, %d open incidents; want down, 1", sec, v, open)
			}
		case 140:
			if v != probe.Degraded || open != 1 {
				t.Errorf("22 s after the second recovery: %s, %d open incidents; want degraded, 1", v, open)
			}
		case 60, 239:
			if v != probe.OK || open != 0 {
				t.Errorf("after %v s: %s, %d open incidents; want ok, 0", sec, v, open)
			}
		}
	}
}

// A warning is worth an incident and leaves the verdict as it is, whatever it is.
func TestWarningLeavesVerdict(t *testing.T) {
	j := watching(incident.Options{}, checks.Options{
		Overrides: map[string]checks.Override{"endlist": {Severity: probe.Warning}},
	})
	j.Targets([]probe.Target{target("v", probe.Origin)})
	step(j, poll(target("v", probe.Origin), at(0), live(100, 6)))
	ended := live(101, 6)
	ended.EndList = true
	step(j, poll(target("v", probe.Origin), at(2), ended))
	if open, v := j.desk.Open(), j.Verdict(); len(open) != 1 || open[0].Severity != probe.Warning ||
		v.Verdict != probe.Ended {
		t.Errorf("incidents %v, verdict %s; want one warning and ended", open, v.Verdict)
	}
}

func TestOverrides(t *testing.T) {
	for _, c := range []struct {
		name string
		give checks.Override
		want int // polls with 503 until an incident opens; 0 is never
	}{
		{"as it is", checks.Override{}, 2},
		{"off", checks.Override{Off: true}, 0},
		{"after", checks.Override{After: 3}, 3},
		{"info", checks.Override{Severity: probe.Info}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			overrides := map[string]checks.Override{"http.status": c.give}
			j, got := watching(incident.Options{}, checks.Options{Overrides: overrides}, "v"), 0
			for i := 1; i <= 5 && got == 0; i++ {
				if len(step(j, failed(target("v", probe.Origin), at(float64(i)), 503, "")).Incidents) > 0 {
					got = i
				}
			}
			if got != c.want {
				t.Errorf("opened after %d polls, want %d", got, c.want)
			}
		})
	}
}

func TestOnceNeedsOneLook(t *testing.T) {
	j := watching(incident.Options{Once: true}, checks.Options{}, "v")
	if res := step(j, failed(target("v", probe.Edge), at(0), 404, "")); len(res.Incidents) != 1 ||
		res.Incidents[0].Check != "http.status" {
		t.Errorf("incidents %v, want http.status", res.Incidents)
	}
}

func TestPoke(t *testing.T) {
	j := watching(incident.Options{}, checks.Options{}, "v")
	origin, edge := target("v", probe.Origin), target("v", probe.Edge)
	step(j, poll(origin, at(0), live(100, 6)))
	step(j, poll(edge, at(0.1), live(100, 6)))
	if got := step(j, failed(origin, at(1), 503, "")).Poke; !slices.Contains(got, origin) {
		t.Errorf("a first 503 pokes %v, want the target itself", got)
	}
	step(j, poll(origin, at(1.1), live(100, 6)))
	regressed := live(96, 6)
	if got := step(j, poll(edge, at(2), regressed)).Poke; !slices.Contains(got, origin) {
		t.Errorf("a step back of the edge pokes %v, want the origin", got)
	}
	if res := step(j, poll(origin, at(2.1), live(101, 6))); len(res.Incidents) != 1 ||
		res.Incidents[0].Check != "seq.regress" || res.Incidents[0].Blame != probe.BlameCDN {
		t.Errorf("after the origin's answer: %+v, want seq.regress of the cdn", res.Incidents)
	}
}

func TestCanceledIsNotJudged(t *testing.T) {
	j := watching(incident.Options{}, checks.Options{}, "v")
	origin := target("v", probe.Origin)
	step(j, poll(origin, at(0), live(100, 6)))
	for i := range 5 {
		res := step(j, failed(origin, at(float64(i)), 0, probe.FailCanceled))
		if len(res.Incidents) > 0 || j.Verdict().Verdict != probe.OK {
			t.Fatalf("a fetch that we broke off gave %+v", res)
		}
	}
}

// An incident of a target that is no longer watched has nobody to close it.
func TestForgottenTargetCloses(t *testing.T) {
	j := watching(incident.Options{}, checks.Options{}, "a", "b")
	for i := range 2 {
		step(j, failed(target("b", probe.Origin), at(float64(i)), 503, ""))
	}
	j.Targets([]probe.Target{target("a", probe.Origin), target("a", probe.Edge)})
	res := step(j, poll(target("a", probe.Origin), at(3), live(100, 6)))
	if len(res.Incidents) != 1 || res.Incidents[0].State != probe.Closed {
		t.Errorf("incidents %+v, want one closed", res.Incidents)
	}
	if res := step(j, failed(target("b", probe.Origin), at(4), 503, "")); len(res.Incidents) > 0 {
		t.Errorf("an unknown target gave %+v", res)
	}
}

func TestIncident(t *testing.T) {
	j := watching(incident.Options{}, checks.Options{}, "v")
	origin, edge := target("v", probe.Origin), target("v", probe.Edge)
	step(j, poll(origin, at(0), live(100, 6)))
	step(j, poll(edge, at(0.1), live(100, 6)))
	step(j, failed(origin, at(1), 503, ""))
	in := step(j, failed(origin, at(2), 503, "")).Incidents[0]
	if !in.Began.Equal(at(0.99)) || !in.Opened.Equal(at(2)) || in.Closed != nil {
		t.Errorf("began %v, opened %v, closed %v; want the first 503's request, its second answer, nil",
			in.Began, in.Opened, in.Closed)
	}
	if len(in.Evidence) != 3 || in.Evidence[0].Status != 503 || in.Evidence[2].Status != 200 {
		t.Errorf("evidence %+v, want both answers and the edge's", in.Evidence)
	}
	if in.Event != "e" || in.Stream != "s" || in.Rendition != "v" || in.Side != probe.Origin || in.Summary == "" ||
		in.Detail == "" || in.Spec == "" {
		t.Errorf("incident %+v", in)
	}
	in.Evidence[0].Status, in.Renditions[0] = 0, "changed by a sink"
	step(j, poll(origin, at(3), live(101, 6)))
	in = step(j, poll(origin, at(4), live(101, 6))).Incidents[0]
	if in.State != probe.Closed || !in.Closed.Equal(at(4)) || in.Evidence[0].Status != 503 || in.Renditions[0] != "v" {
		t.Errorf("closed as %+v", in)
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	j := watching(incident.Options{}, checks.Options{}, "v")
	var last probe.Incident
	for i := range 100 {
		for _, in := range step(j, failed(target("v", probe.Origin), at(float64(i)), 503, "")).Incidents {
			last = in
		}
	}
	if n := len(last.Evidence); n == 0 || n > 4 {
		t.Errorf("%d requests as evidence, want a few", n)
	}
}
