package fleet

import (
	"fmt"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/incident"
)

func toExchange(e *probe.Exchange) *probe.WireExchange {
	if e == nil {
		return nil
	}
	w := probe.WireExchange(*e)
	return &w
}

func fromExchange(w *probe.WireExchange) *probe.Exchange {
	if w == nil {
		return nil
	}
	e := probe.Exchange(*w)
	return &e
}

func exchangeOf(o *probe.Observation) *probe.WireExchange {
	if o == nil {
		return nil
	}
	return toExchange(&o.Exchange)
}

func observed(t probe.Target, w *probe.WireExchange) *probe.Observation {
	if w == nil {
		return nil
	}
	return &probe.Observation{Target: t, Exchange: probe.Exchange(*w)}
}

func toState(s *evidence.State) wireState {
	return wireState{
		Target: wireTarget(s.Target), Unnamed: s.Unnamed, Host: s.Host,
		Current: exchangeOf(s.Current), Good: exchangeOf(s.Good),
		Kind: uint8(s.Kind), Live: s.Live, Listed: s.Listed, Polls: s.Polls,
		Failures: s.Failures, FailingSince: s.FailingSince, FailedAs: s.FailedAs, FailedFrom: s.FailedFrom,
		Recovered: s.Recovered, FailedWith: s.FailedWith, Relapsed: s.Relapsed,
		LastError: s.LastError, Lost: s.Lost, LostPolls: s.LostPolls,
		Answered: s.Answered, Reached: s.Reached,
		Advanced: s.Advanced, High: s.High, TD: s.TD, Allowance: s.Allowance, Cycle: s.Cycle, TTL: s.TTL,
		Lag:       wireLag(s.Lag),
		Late:      wireLate{At: s.Late.At, Lag: wireLag(s.Late.Lag), Still: s.Late.Still},
		SegmentAt: s.SegmentAt, Probed: s.Probed, Delivered: s.Delivered, Speed: wireSpeed(s.Speed),
	}
}

func fromState(w *wireState) *evidence.State {
	t := probe.Target(w.Target)
	return &evidence.State{
		Target: t, Unnamed: w.Unnamed, Host: w.Host, Current: observed(t, w.Current), Good: observed(t, w.Good),
		Kind: probe.PlaylistKind(w.Kind), Live: w.Live,
		Listed: w.Listed, Polls: w.Polls, Failures: w.Failures, FailingSince: w.FailingSince, FailedAs: w.FailedAs,
		FailedFrom: w.FailedFrom,
		Recovered:  w.Recovered, FailedWith: w.FailedWith, Relapsed: w.Relapsed,
		LastError: w.LastError, Lost: w.Lost, LostPolls: w.LostPolls, Answered: w.Answered,
		Reached:  w.Reached,
		Advanced: w.Advanced, High: w.High, TD: w.TD, Allowance: w.Allowance, Cycle: w.Cycle, TTL: w.TTL,
		Lag:       evidence.Lag(w.Lag),
		Late:      evidence.Late{At: w.Late.At, Lag: evidence.Lag(w.Late.Lag), Still: w.Late.Still},
		SegmentAt: w.SegmentAt, Probed: w.Probed, Delivered: w.Delivered, Speed: evidence.Speed(w.Speed),
	}
}

func toSymptom(s *checks.Symptom) wireSymptom {
	w := wireSymptom{
		Check: s.Check.ID, Target: s.Target, Side: s.Side, Edge: s.Edge, Since: s.Since, Last: s.Last,
		Asked: s.Asked, Ready: s.Ready, Ended: s.Ended, Sick: s.Sick, Severity: uint8(s.Severity),
		Detail: s.Detail, Blame: s.Blame, Exchange: toExchange(s.Exchange), Returns: s.Returns,
	}
	for _, e := range s.Evidence {
		w.Evidence = append(w.Evidence, wireEvidence(e))
	}
	return w
}

// fromSymptom is the inverse of toSymptom. It fails for a check that this
// process does not know, and for a target that is not there.
func fromSymptom(w *wireSymptom, targets int) (checks.Symptom, error) {
	c, ok := checks.Find(w.Check)
	if !ok || c.ID != w.Check {
		return checks.Symptom{}, fmt.Errorf(
			"check %q is not known here: agent and hub are of different versions",
			w.Check,
		)
	}
	if w.Target < 0 || w.Target >= targets || probe.Severity(w.Severity) > probe.Critical {
		return checks.Symptom{}, fmt.Errorf(
			"a symptom of %s is about target %d of %d, with severity %d",
			w.Check,
			w.Target,
			targets,
			w.Severity,
		)
	}
	s := checks.Symptom{
		Check: c, Target: w.Target, Side: w.Side, Edge: w.Edge, Since: w.Since, Last: w.Last, Asked: w.Asked, Ready: w.Ready,
		Ended: w.Ended, Sick: w.Sick,
		Severity: probe.Severity(
			w.Severity,
		), Detail: w.Detail, Blame: w.Blame, Exchange: fromExchange(w.Exchange), Returns: w.Returns,
	}
	if s.Exchange == nil {
		s.Exchange = &probe.Exchange{} // whoever diagnoses reads it
	}
	for _, e := range w.Evidence {
		s.Evidence = append(s.Evidence, probe.Evidence(e))
	}
	return s, nil
}

func toPulses(v *incident.View) []wirePulse {
	var list []wirePulse
	for _, p := range v.Pulses {
		if p.Host != "" {
			list = append(list, wirePulse(p))
		}
	}
	return list
}

func fromPulses(v *incident.View, list []wirePulse) error {
	for _, p := range list {
		if p.Side == probe.NoSide {
			return fmt.Errorf("a pulse of stream %q has no side", p.Stream)
		}
		p.Stream = v.Stream
		v.Pulses = append(v.Pulses, diagnose.Pulse(p))
	}
	return nil
}
