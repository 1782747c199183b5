package incident

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
)

// tooBusy is why a strained monitor is blind.
const tooBusy = "this machine is too busy: the monitor does not get to run in time"

// nobody is why a stream that no agent watches is blind.
const nobody = "no agent watches: every vantage is gone"

// base is the verdict of a stream without what is wrong, over all vantages that
// are watched from, and whether there are any. One that sees it live proves that
// it is.
func (s *seat) base() (base probe.Verdict, watched bool) {
	for _, r := range s.rows {
		if r.of.gone.IsZero() {
			base, watched = base.Worse(r.Base), true // worse than waiting and ended is ok
		}
	}
	return base, watched
}

// busy reports whether no process that watches gets to run.
func (s *seat) busy(now time.Time) bool {
	for _, r := range s.rows {
		if r.of.gone.IsZero() && !now.Before(r.of.busy.Until) {
			return false
		}
	}
	return true
}

// sick are the targets of a stream that has symptoms, as one vantage knows them.
func (s *seat) sick() []*row {
	var rows []*row
	for _, r := range s.rows {
		if r.of.gone.IsZero() && r.Sick != nil {
			rows = append(rows, r)
		}
	}
	return rows
}

// judge computes a stream's verdict from the open incidents.
func (d *Desk) judge(r *seat, now time.Time) {
	base, watched := r.base()
	v := Verdict{Verdict: base}
	severity, blind := probe.NoSeverity, false
	var dead []diagnose.Dead
	for _, e := range d.book.open {
		h := e.hit(r.name)
		if h == nil {
			continue
		}
		v.Open = append(v.Open, e.ID)
		if e.diagnosis.Blame == probe.BlamePath && e.diagnosis.Lost {
			v.Reason, blind = e.Because, true
			continue
		}
		switch {
		case e.lingers(now, d.recovery):
			severity = max(severity, min(h.Severity, probe.Error))
			continue
		case e.diagnosis.Fading:
			severity = max(severity, min(h.Severity, probe.Error)) // viewers recover
		default:
			severity = max(severity, h.Severity)
		}
		dead = append(dead, h.Dead...)
	}
	if severity == probe.Error && d.takesAll(r, dead) {
		severity = probe.Critical // each of several causes takes some, together they take all
	}
	switch {
	case !watched:
		v.Verdict, v.Reason = probe.Blind, nobody
	case r.busy(now):
		v.Verdict, v.Reason = probe.Blind, tooBusy
	case blind:
		v.Verdict = probe.Blind
	case severity >= probe.Critical:
		v.Verdict = probe.Down
	case severity >= probe.Error:
		v.Verdict = v.Verdict.Worse(probe.Degraded)
	}
	d.mutedStream(r, now, &v)
	if d.scheduled(now) && v.Silenced == nil {
		d.impact(r, &v)
	}
	if v.Since = r.verdict.Since; v.Verdict != r.verdict.Verdict || v.Since.IsZero() {
		v.Since = now.UTC()
	}
	d.become(r, v)
}

// lingers reports whether an incident is only held open, because what came back once
// may do so again: its targets have been well for as long as any other recovery takes.
func (e *entry) lingers(now time.Time, recovery time.Duration) bool {
	return !e.diagnosis.Sick && now.Sub(e.diagnosis.Last) > recovery
}

// takesAll reports whether what several causes take leaves viewers nothing,
// wherever they are.
func (d *Desk) takesAll(s *seat, dead []diagnose.Dead) bool {
	sick := s.sick()
	for _, r := range sick {
		if !diagnose.NothingPlays(r.Sick.Targets, dead) {
			return false
		}
	}
	return len(sick) > 0
}

// scheduled reports whether the event is on at a time: outside of that nobody is
// to be woken.
func (d *Desk) scheduled(now time.Time) bool {
	return !now.Before(d.opts.Starts) && (d.opts.Ends.IsZero() || now.Before(d.opts.Ends))
}

func (e *entry) hit(stream string) *diagnose.Hit {
	i, found := slices.BinarySearchFunc(e.diagnosis.Hits, stream,
		func(h diagnose.Hit, s string) int { return strings.Compare(h.Stream, s) })
	if !found {
		return nil
	}
	return &e.diagnosis.Hits[i]
}

// impact adds what each side is to blame for: whose fault it is that viewers
// suffer, as alarms need it: of what is silenced they hear nothing.
func (d *Desk) impact(r *seat, v *Verdict) {
	for _, e := range d.book.open {
		h := e.hit(r.name)
		side := e.culprit()
		if h == nil || side == probe.NoSide || h.Severity < probe.Error || e.Silenced != nil {
			continue
		}
		impact := 1.0
		if v.Verdict == probe.Down {
			impact = 2
		}
		v.Impact[side] = max(v.Impact[side], impact)
		if side == probe.Edge {
			v.blame(d.opts.Edges, e.Edge, impact)
		}
	}
}

// blame adds what an edge is to blame for, or all of them where none is named.
func (v *Verdict) blame(edges []string, edge string, impact float64) {
	if len(edges) > 0 && v.Edges == nil {
		v.Edges = make(map[string]float64, len(edges))
	}
	for _, name := range edges {
		if edge == "" || edge == name {
			v.Edges[name] = max(v.Edges[name], impact)
		}
	}
}

// culprit is the side that an incident is the fault of; none for our own path.
func (e *entry) culprit() probe.Side {
	switch e.Blame {
	case probe.BlameCDN:
		return probe.Edge
	case probe.BlameEncoder, probe.BlameOrigin:
		return probe.Origin
	case probe.BlamePath:
		return probe.NoSide
	case probe.BlameConfig, probe.BlameUnknown:
	}
	return cmp.Or(e.Side, probe.Origin)
}
