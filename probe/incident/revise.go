package incident

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
)

const (
	// settled is for how long another cause, blame or scope must be what the
	// diagnosis says before the incident says so too: one look may be a race. Each
	// time that it goes back to what it said before, this doubles, up to mostTurns
	// times: of two causes that look alike by turns people are told once.
	settled   = time.Second
	mostTurns = 6

	// eased is for how long an incident must be less severe before it says so.
	eased = 10 * time.Second
)

// said is what the incident would tell of a diagnosis.
func (e *entry) said(d *diagnose.Diagnosis) told {
	return told{d.Check, d.Side, d.Edge, d.Blame, d.Scope, d.Host, d.Severity}
}

// beside reports whether two differ in more than their severity.
func (t told) beside(o told) bool {
	t.severity = o.severity
	return t != o
}

// settle makes the incident say what it is to tell.
func (e *entry) settle(t told) {
	d := &e.diagnosis
	if e.check != nil && e.check != t.check {
		e.Consequences = insert(e.Consequences, e.check.ID)
	}
	if e.told.beside(t) {
		if !e.was.beside(t) {
			e.turns = min(e.turns+1, mostTurns)
		}
		e.was = e.told
	}
	e.told, e.check = t, t.check
	e.Consequences = slices.DeleteFunc(e.Consequences, func(id string) bool { return id == t.check.ID })
	e.Check, e.Summary, e.Spec = t.check.ID, probe.AtEdge(t.check.Summary, t.edge), t.check.Spec
	e.Severity, e.Blame, e.Side, e.Edge, e.Scope, e.Host = t.severity, t.blame, t.side, t.edge, t.scope, t.host
	e.Because, e.Detail, e.Evidence = d.Because, d.Detail, d.Evidence
	if len(d.Hits) > 0 { // what hits no stream is said of the event
		e.Stream, e.Rendition = d.Hits[0].Stream, d.Hits[0].Renditions[0]
	}
	e.since, e.lower = time.Time{}, time.Time{}
}

// revise makes the incident say what the diagnosis says now: at once where it
// is worse, or our own path's, and else when that has lasted. What is over is
// not judged anew. It reports whether it did, and when it may.
func (e *entry) revise(now time.Time, d *diagnose.Diagnosis) (update bool, next time.Time) {
	if d.Fading || d.Unsure {
		return false, time.Time{}
	}
	want := e.said(d)
	if !d.Sick { // only what it does to viewers can still become worse
		if want.severity <= e.told.severity {
			return false, time.Time{}
		}
		worse := e.told
		worse.severity = want.severity
		want = worse
	}
	if want.severity > e.told.severity || want.blame == probe.BlamePath && e.told.blame != probe.BlamePath {
		e.settle(want)
		return true, time.Time{}
	}
	lateral := want
	lateral.severity = e.told.severity
	e.since = e.differs(now, &e.other, lateral, e.since)
	steady := settled
	if !e.was.beside(want) {
		steady <<= e.turns
	}
	if want.severity == e.told.severity {
		e.lower = time.Time{}
	} else if e.lower.IsZero() {
		e.lower = now
	}
	switch {
	case !e.since.IsZero() && now.Sub(e.since) >= steady:
		if now.Sub(e.lower) < eased {
			want = lateral
		}
		e.settle(want)
		return true, time.Time{}
	case !e.lower.IsZero() && now.Sub(e.lower) >= eased:
		e.settle(want)
		return true, time.Time{}
	}
	if e.since.IsZero() {
		e.Because, e.Detail = d.Because, d.Detail
	} else {
		next = e.since.Add(steady)
	}
	if !e.lower.IsZero() {
		next = probe.Sooner(next, e.lower.Add(eased))
	}
	return false, next
}

// differs returns since when the diagnosis has said the same other thing; zero
// while it says what the incident says.
func (e *entry) differs(now time.Time, other *told, want told, since time.Time) time.Time {
	switch {
	case want == e.told:
		return time.Time{}
	case want != *other || since.IsZero():
		*other = want
		return now
	default:
		return since
	}
}
