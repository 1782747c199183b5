package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// diagnosis says all that is to be said of a group.
func (x *examination) diagnosis(g *group) Diagnosis {
	lead := g.lead()
	s := lead.worst()
	d := Diagnosis{
		Check: lead.check, Side: lead.side, Scope: g.scope, Began: lead.began, Detail: s.Detail,
		Hits: make([]Hit, 0, len(g.stories)), Evidence: s.Evidence, Fading: true,
		Ready: lead.ready, at: lead.host, exchange: s.Exchange, once: x.event.Once,
	}
	if g.scope == probe.ScopeOrigin || g.scope == probe.ScopeEdge {
		d.Host = g.place.host
	}
	if !g.path && !g.alike() {
		d.Edge = lead.edge
	}
	d.Lost = g.path && x.lost
	parts := 0
	for _, st := range g.stories {
		parts += len(st.symptoms)
	}
	d.Parts = make([]Part, 0, parts)
	why := ""
	d.Blame, why = x.blame(g)
	d.Because = sentence(g, why)
	for _, st := range g.stories {
		h := x.hit(st)
		if g.path {
			h.Severity = min(h.Severity, probe.Warning) // blind never pages
		}
		d.Hits = append(d.Hits, h)
		d.Severity = max(d.Severity, h.Severity)
		d.Fading = d.Fading && st.past
		d.Sick = d.Sick || st.sick
		if st.began.Before(d.Began) {
			d.Began = st.began
		}
		if st.last.After(d.Last) {
			d.Last = st.last
		}
		d.parts(st)
	}
	slices.SortFunc(d.Hits, func(a, b Hit) int { return compare(a.Stream, b.Stream) })
	slices.Sort(d.Consequences)
	if n := len(g.stories); n > 1 {
		d.Detail = fmt.Sprintf("%s: %s", checks.Count(n, "stream"), d.Detail)
	}
	if other := lead.stream.pair(lead.state(s)); other != nil && other.Current != nil {
		d.Evidence = append(slices.Clone(d.Evidence), probe.EvidenceOf(&other.Current.Exchange))
	}
	if !x.event.Once {
		x.wait(g, &d)
	}
	return d
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// parts notes what the diagnosis stands on and what it explains.
func (d *Diagnosis) parts(st *story) {
	for _, s := range st.symptoms {
		d.Parts = append(d.Parts, st.part(s))
		d.Returns = max(d.Returns, s.Returns)
	}
	for _, c := range st.follows {
		if c.ready.IsZero() {
			continue // it may yet turn out to be nothing
		}
		if c.check != d.Check && !slices.Contains(d.Consequences, c.check.ID) {
			d.Consequences = append(d.Consequences, c.check.ID)
		}
		for _, s := range c.symptoms {
			d.Follows = append(d.Follows, c.part(s))
		}
	}
	if st.check != d.Check && !slices.Contains(d.Consequences, st.check.ID) {
		d.Consequences = append(d.Consequences, st.check.ID)
	}
}

func (c *claim) part(s *checks.Symptom) Part {
	at := c.state(s)
	t := at.Target
	t.URL, t.Peak, t.Average = "", 0, 0
	return Part{Check: c.check, Target: t, Unnamed: at.Unnamed, Severity: s.Severity, Holds: s.Ended.IsZero()}
}

// wait says whether other looks may soon change what is told, and asks for them. Of
// thousands of streams there is always one that was hit just now: they keep the one
// that all are told by from being told for a while only.
func (x *examination) wait(g *group, d *Diagnosis) {
	lead := g.lead()
	x.await(g, lead, d)
	alone := d.Wait
	for _, st := range g.stories {
		if st != lead {
			x.await(g, st, d)
		}
	}
	latest := probe.Later(alone, lead.ready.Add(companyAtMost))
	if !lead.ready.IsZero() && !d.Unsure && d.Wait.After(latest) {
		d.Wait = latest
	}
	if len(d.Asks) > 8 {
		d.Asks = d.Asks[:8]
	}
}

// await is wait for one of the stories.
func (x *examination) await(g *group, st *story, d *Diagnosis) {
	x.awaitPeers(st, d)
	// Alone and not ready: what explains it may be about to be seen often enough.
	if x.unsure(st.claim) || st.ready.IsZero() && len(g.stories) == 1 {
		d.Unsure = true
		d.until(x.now.Add(Gather))
	}
	x.awaitOther(st, d)
	x.awaitPlaylist(st, d)
	x.awaitPace(st, d)
	x.awaitCompany(g, st, d)
}

func (d *Diagnosis) until(t time.Time) {
	if t.After(d.Wait) {
		d.Wait = t
	}
}

// awaitOther waits for the other side where that tells whose fault it is: for
// the origin when the edge shows a fault and the origin was not looked at since,
// and for the edge when the origin may be out of our own reach, or only refuses
// us. It does not wait for much longer than such a look can take.
func (x *examination) awaitOther(st *story, d *Diagnosis) {
	if !st.check.When.Waits() && !st.check.Timed && !st.check.Passed {
		return
	}
	for _, s := range st.symptoms {
		at := st.state(s)
		other := st.stream.pair(at)
		if other == nil || other.Polls == 0 || !s.Ended.IsZero() {
			continue
		}
		since, limit, waits := st.outstanding(s, at, other)
		if clear := s.Since.Add(roundTrip); !waits && st.side == probe.Edge && x.several() && st.check.Transport {
			// Of hundreds of requests under way some were answered just before the fault.
			since, limit, waits = clear, patience(at), other.Current.Exchange.Started.Before(clear)
		}
		if waits && x.now.Before(s.Since.Add(limit)) {
			d.until(s.Since.Add(limit))
			if other.Current.Exchange.Started.Before(since) {
				d.Asks = append(d.Asks, other.Target)
			}
			return
		}
	}
}

// severalAtOnce is from how many streams with symptoms on what one of them shows may be
// the first sign of a host that gives nothing at all.
const severalAtOnce = 5

func (x *examination) several() bool { return len(x.event.Streams) >= severalAtOnce }

// awaitPlaylist waits, where several streams show something and a segment cannot be
// had, until its playlist was asked for since: if that fails too, it is the cause.
func (x *examination) awaitPlaylist(st *story, d *Diagnosis) {
	if st.check.When != checks.OnSegment || !x.several() {
		return
	}
	for _, s := range st.symptoms {
		at := st.state(s)
		if at.Current == nil || !s.Ended.IsZero() || s.Exchange == nil || s.Exchange.OK() {
			continue
		}
		asked := at.Current.Exchange.Started.After(s.Since)
		limit := s.Since.Add(patience(at))
		if asked && !at.Failing() || !x.now.Before(limit) {
			continue
		}
		if d.until(limit); !asked {
			d.Asks = append(d.Asks, at.Target)
		}
		return
	}
}

// patience is how long the next look at a playlist may take to come.
func patience(t *evidence.State) time.Duration { return max(2*time.Second, t.TD) + time.Second }

// outstanding reports whether a look at the other side is needed that has not
// come yet: one that began after since, for limit at most.
func (c *claim) outstanding(
	s *checks.Symptom, at, other *evidence.State,
) (since time.Time, limit time.Duration, waits bool) {
	patience := patience(at)
	done := other.Current.Exchange.Done
	if c.check.When == checks.OnLowLatency {
		asks := c.side == probe.Edge && c.check.Side != probe.Edge && !other.Delivered.IsZero()
		return s.Last, max(4*at.TD, 5*time.Second), asks && other.Delivered.Before(s.Last)
	}
	if c.check.When == checks.OnSegment {
		return s.Since, patience, c.side == probe.Edge && (c.check.Timed || c.check.Passed) && other.SegmentAt.Before(s.Since)
	}
	if !c.check.Transport || at.Current == nil {
		return s.Since, patience, c.side == probe.Edge && done.Before(s.Since)
	}
	ex := s.Exchange
	switch {
	case ex.Failure.OurPath() && !other.Current.Exchange.Failure.OurPath():
		asked := at.Lost.Add(roundTrip)
		return asked, 3 * patience, other.Current.Exchange.Started.Before(asked)
	case c.side == probe.Edge:
		return s.Since, patience, done.Before(s.Since)
	case ex.Status == 401 || ex.Status == 403:
		moved := other.Advanced.After(s.Since.Add(at.Allowance))
		return s.Since, patience + other.Allowance, !other.Failing() && !moved
	}
	return s.Since, 0, false
}

// awaitCompany waits a moment where others on the host, or other renditions,
// have not been looked at since the fault began, and may show it too.
func (x *examination) awaitCompany(g *group, st *story, d *Diagnosis) {
	end := st.ready.Add(min(Gather, max(st.td(), time.Second)/8))
	if g.path || !x.now.Before(end) {
		return
	}
	if g.unknown > 0 && g.well <= len(g.stories) {
		d.until(end)
		return
	}
	hit := st.renditions()
	for _, t := range st.stream.Targets {
		if t.Target.Place() == st.at() && !slices.Contains(hit, t.Target.Rendition) && t.Polls > 0 && !st.seenSince(t) {
			d.until(end)
			if st.check.Transport {
				d.Asks = append(d.Asks, t.Target)
			}
		}
	}
}
