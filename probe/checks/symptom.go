package checks

import (
	"cmp"
	"math/bits"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// Symptom is what one check shows on one target.
type Symptom struct {
	Check    *Check
	Target   int             // index of its target among those of the stream
	Side     probe.Side      // that it is about
	Edge     string          // likewise, as in probe.Place
	Since    time.Time       // first bad look
	Last     time.Time       // newest bad look, when it was done
	Asked    time.Time       // the same look, when it began
	Ready    time.Time       // when the evidence sufficed; zero while it does not
	Ended    time.Time       // when it was over; zero while it holds
	Sick     bool            // the newest look was bad
	Severity probe.Severity  // the worst since it began, as far as it has ripened
	Detail   string          // of the newest look that was as bad as the worst
	Blame    probe.Blame     // where only the check can know
	Exchange *probe.Exchange // of the newest bad look; not to be changed
	Returns  int             // how often it came back when it would have been over without its hold
	Evidence []probe.Evidence
}

const (
	// evidenceKept is how many requests stand as evidence in a symptom.
	evidenceKept = 3

	// relapse is within what time a finding that comes back is one that comes
	// and goes: from then on it holds for that beat.
	relapse = 75 * time.Second
)

// tracker counts the findings of one check on one target.
type tracker struct {
	check    *Check
	h        *evidence.History
	after    int
	of       int
	rounds   rounds
	clean    int // rounds without a finding since the last one
	began    time.Time
	last     time.Time
	asked    time.Time
	ready    time.Time // when it last had enough evidence; zero is never
	ended    time.Time // when it was over; zero while it holds
	beat     time.Duration
	returns  int
	report   Report
	exchange *probe.Exchange // of the newest bad look
	worst    probe.Severity
	evidence []probe.Evidence
}

func (tr *tracker) held() bool { return !tr.ready.IsZero() && tr.ended.IsZero() }

// count files one round of one check. What is only worth knowing is advice: it
// never opens an incident, nor holds one open.
func (w *Watch) count(b *board, c *Check, pass *Pass) {
	tr := b.tracker(c)
	f := pass.Found
	if f != nil {
		f.Severity = cmp.Or(w.opts.Overrides[c.ID].Severity, f.Severity)
	}
	b.advise(c, f)
	if f == nil || f.Severity < probe.Warning {
		if tr != nil {
			tr.rounds.add(false)
			tr.clean++
		}
		return
	}
	if tr == nil {
		tr = w.newTracker(c, pass.History)
		b.trackers = append(b.trackers, tr)
	}
	tr.relapse(pass.Now)
	tr.rounds.add(true)
	if f.Proven {
		tr.rounds.prove(tr.after)
	}
	if tr.clean > 0 && !tr.held() && tr.rounds.bad(tr.of) == 1 {
		tr.restart() // the findings before are out of the window: another story
	}
	tr.clean = 0
	tr.last, tr.asked = pass.Now, pass.Obs.Exchange.Started
	if tr.began.IsZero() {
		tr.began = pass.Obs.Exchange.Started
	}
	if f.Severity >= tr.report.Severity {
		tr.report = *f // what it says must be as bad as what it is called
	}
	tr.exchange = &pass.Obs.Exchange
	tr.worst = max(tr.worst, tr.ripe(pass.Now, f.Severity))
	if len(tr.evidence) < evidenceKept {
		e := probe.EvidenceOf(&pass.Obs.Exchange)
		e.Line = f.Line
		tr.evidence = append(tr.evidence, e)
	}
}

// relapse learns the beat of what comes and goes.
func (tr *tracker) relapse(now time.Time) {
	away := now.Sub(tr.last)
	if tr.last.IsZero() || tr.clean < habits[tr.check.When].clean || away > relapse {
		return
	}
	if tr.clean == 0 && tr.check.When != OnUpdate {
		return // it was never away
	}
	if tr.held() {
		tr.returns++
	} else if tr.ended.IsZero() || tr.check.When == OnUpdate {
		return // it never held, or is a change, and two of them are two changes
	}
	tr.beat = max(tr.beat, away*5/4)
}

// ripe is the severity of a finding: what heals by itself within a moment is no
// more than a warning until it has lasted for a target duration.
func (tr *tracker) ripe(now time.Time, s probe.Severity) probe.Severity {
	if tr.check.Ripens && now.Sub(tr.began) < tr.h.TD() {
		return min(s, probe.Warning)
	}
	return s
}

func (w *Watch) newTracker(c *Check, h *evidence.History) *tracker {
	tr := &tracker{check: c, h: h}
	tr.after, tr.of = w.needed(c)
	return tr
}

func (b *board) tracker(c *Check) *tracker {
	for _, tr := range b.trackers {
		if tr.check == c {
			return tr
		}
	}
	return nil
}

// holds reports whether what a check found is not over.
func (b *board) holds(c *Check) bool {
	tr := b.tracker(c)
	return tr != nil && tr.held()
}

// rounds says which of the newest 64 rounds found something. Bit 0 is the newest:
// one word for each target and check that ever found anything.
type rounds uint64

// add adds the newest round.
func (r *rounds) add(found bool) {
	*r <<= 1
	if found {
		*r |= 1
	}
}

// prove makes the last n rounds bad: what is proven needs no second look.
func (r *rounds) prove(n int) { *r |= lastRounds(n) }

// bad is how many of the last n rounds found something.
func (r rounds) bad(n int) int { return bits.OnesCount64(uint64(r & lastRounds(n))) }

func lastRounds(n int) rounds { return 1<<min(n, 63) - 1 }

// enough reports whether the findings suffice to hold.
func (w *Watch) enough(tr *tracker, now time.Time) bool {
	hits := tr.rounds.bad(tr.of)
	if hits >= tr.after {
		return true
	}
	if !tr.check.Shared {
		return false
	}
	near := max(tr.h.TD(), 2*time.Second)
	for _, h := range w.Stream.Histories {
		if h == tr.h || h.Target.Place() != tr.h.Target.Place() {
			continue
		}
		if other := w.boards[h].tracker(tr.check); other != nil && now.Sub(other.last) <= near {
			hits += other.rounds.bad(other.of)
		}
	}
	return hits >= tr.after
}

// over reports whether what was found is past: rounds without a finding, and
// the time for which it holds.
func (tr *tracker) over(now time.Time) bool {
	habit, since, hold := &habits[tr.check.When], now.Sub(tr.last), tr.hold()
	return since >= hold && (tr.clean >= habit.clean || habit.lapse && since >= 3*hold)
}

// hold is for how long a finding holds after the last bad look: what the check
// says, and never less than one period of what may cause it: the beat in which
// it came back, the target duration, and at the edge the time between two
// copies in its cache.
func (tr *tracker) hold() time.Duration {
	td := max(tr.h.TD(), time.Second)
	hold := max(time.Duration(tr.check.Hold)*td, td, tr.beat)
	if tr.h.Target.Side == probe.Edge && (tr.check.Staleness || tr.check.AcrossRenditions) {
		ttl, _ := tr.h.TTL()
		refresh, _ := tr.h.Refresh()
		hold = max(hold, min(max(ttl, refresh)+tr.h.Gap, relapse))
	}
	return hold
}

func (tr *tracker) open(now time.Time) {
	tr.ready, tr.ended, tr.returns = now, time.Time{}, 0
}

// end ends what was found: the next finding is another story, that begins with
// it and is as bad as it says.
func (tr *tracker) end(now time.Time) {
	tr.ended = now
}

func (tr *tracker) restart() {
	tr.began, tr.evidence, tr.worst, tr.report = time.Time{}, nil, 0, Report{}
}

// echo is for how long what is over may explain what others still show: until
// a new window has gone through every cache, and an error that one keeps.
func (tr *tracker) echo() time.Duration {
	return max(5*tr.h.TD()+2*min(tr.h.Allowance(), 2*tr.h.TD()), errorCaching+2*time.Second)
}

// errorCaching is how long CloudFront keeps an error of its origin unless it is
// told otherwise (error caching minimum TTL).
const errorCaching = 10 * time.Second

func (tr *tracker) echoes(now time.Time) bool {
	return !tr.held() && !tr.ended.IsZero() && now.Sub(tr.ended) < tr.echo()
}

// forgotten reports whether nothing of the tracker matters any more.
func (tr *tracker) forgotten(now time.Time) bool {
	recent := !tr.ended.IsZero() && now.Sub(tr.last) <= relapse
	return !tr.held() && !recent && !tr.echoes(now) && tr.rounds.bad(max(tr.of, 8)) == 0
}

// sick reports whether the newest look was bad; what is not looked at any more
// is not sick for ever.
func (tr *tracker) sick(now time.Time) bool {
	return tr.clean == 0 && (!habits[tr.check.When].lapse || now.Sub(tr.last) < tr.hold())
}

func (tr *tracker) symptom(target int, now time.Time) Symptom {
	side, edge := tr.check.Side, cmp.Or(tr.report.Edge, tr.h.Target.Edge)
	if side == probe.NoSide {
		side = tr.h.Target.Side
	}
	if side == probe.Origin {
		edge = ""
	}
	return Symptom{
		Check: tr.check, Target: target, Side: side, Edge: edge,
		Since: tr.began, Last: tr.last, Asked: tr.asked, Ready: tr.ready, Ended: tr.ended,
		Sick: tr.sick(now), Severity: tr.worst, Detail: tr.report.Detail, Blame: tr.report.Blame, Returns: tr.returns,
		Evidence: tr.evidence, Exchange: tr.exchange,
	}
}
