package diagnose

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// Sight is what one vantage shows of an event.
type Sight struct {
	Vantage   string // "" where the event is watched from one place
	Event     *Event
	Diagnoses []Diagnosis

	sick map[string]*Stream // of the event, by name; nil before the first is looked for
}

const (
	// second is how long a cause that one vantage shows waits for the others to
	// look too.
	second = 2 * time.Second

	// secondAtMost is for how long one that has not looked may still say that
	// all is well there.
	secondAtMost = 10 * time.Second
)

// Combine makes one list of what several vantages show. The same cause seen from
// two of them is one diagnosis. What one vantage shows alone, while others are
// well, is an error at most, unless alone says that it may be critical.
func Combine(now time.Time, sights []Sight, alone bool) []Diagnosis {
	if len(sights) == 1 {
		return sights[0].alone()
	}
	var all []*joint
	for i := range sights {
		s := &sights[i]
		for j := range s.Diagnoses {
			d := &s.Diagnoses[j]
			d.seenFrom(s.Vantage)
			all = join(all, telling{d, s, newEffects(d)})
		}
	}
	out := make([]Diagnosis, 0, len(all))
	for _, g := range all {
		out = append(out, g.diagnosis(now, sights, alone))
	}
	return out
}

// alone is what one vantage shows when there is no other.
func (s *Sight) alone() []Diagnosis {
	if s.Vantage != "" {
		for i := range s.Diagnoses {
			s.Diagnoses[i].seenFrom(s.Vantage)
		}
	}
	return s.Diagnoses
}

// seenFrom notes which vantage shows a diagnosis.
func (d *Diagnosis) seenFrom(vantage string) {
	d.Vantages = []string{vantage}
	for _, parts := range [][]Part{d.Parts, d.Follows} {
		for k := range parts {
			parts[k].Vantage, parts[k].Own = vantage, d.Blame == probe.BlamePath
		}
	}
}

// joint is one cause as the vantages that show it tell it.
type joint struct{ told []telling }

type telling struct {
	*Diagnosis
	by      *Sight
	effects effects
}

// effects are what a diagnosis explains: of thousands of streams there are too many
// to go through them for each symptom of another vantage.
type effects map[effect]struct{}

type effect struct {
	check  *checks.Check
	stream string
	side   probe.Side
}

func newEffects(d *Diagnosis) effects {
	all := make(effects, len(d.Follows))
	for i := range d.Follows {
		all[effectOf(&d.Follows[i])] = struct{}{}
	}
	return all
}

func effectOf(p *Part) effect { return effect{p.Check, p.Target.Stream, p.Target.Side} }

// join adds what one vantage tells to the cause that others tell of, or to none.
// What one vantage tells twice are two causes.
func join(all []*joint, one telling) []*joint {
	for _, g := range all {
		if g.told[0].by != one.by && g.told[len(g.told)-1].by != one.by &&
			slices.ContainsFunc(g.told, func(t telling) bool { return same(t, one) }) {
			g.told = append(g.told, one)
			return all
		}
	}
	return append(all, &joint{[]telling{one}})
}

// same reports whether two vantages tell of one cause: one way to fail, on one
// side of one stream at least, or one is what the other explains.
func same(a, b telling) bool {
	if a.Blame == probe.BlamePath || b.Blame == probe.BlamePath {
		return a.Lost && b.Lost
	}
	if a.Side == b.Side && kin(a.Check, b.Check) {
		return slices.ContainsFunc(a.Hits, func(h Hit) bool { return b.hit(h.Stream) != nil })
	}
	return explained(a, b) || explained(b, a)
}

// explained reports whether a diagnosis of one vantage explains that of another.
func explained(by, t telling) bool {
	if len(by.effects) == 0 {
		return false
	}
	for i := range t.Parts {
		if _, ok := by.effects[effectOf(&t.Parts[i])]; ok {
			return true
		}
	}
	return false
}

func kin(a, b *checks.Check) bool {
	return a == b || a.Transport && b.Transport || a.Staleness && b.Staleness
}

// hit is what a stream suffers; nil is nothing.
func (d *Diagnosis) hit(stream string) *Hit {
	i, found := slices.BinarySearchFunc(d.Hits, stream, func(h Hit, name string) int { return compare(h.Stream, name) })
	if !found {
		return nil
	}
	return &d.Hits[i]
}

// lead is the telling that the others are told by.
func (g *joint) lead() *Diagnosis {
	return slices.MinFunc(g.told, func(a, b telling) int {
		return cmp.Or(
			compareBool(
				explained(b, a),
				explained(a, b),
			),
			compareBool(a.Fading, b.Fading),
			compareBool(!a.Sick, !b.Sick),
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(len(b.Hits), len(a.Hits)),
			cmp.Compare(a.by.Vantage, b.by.Vantage),
		)
	}).Diagnosis
}

// diagnosis says all that the vantages say of a cause.
func (g *joint) diagnosis(now time.Time, sights []Sight, alone bool) Diagnosis {
	lead := g.lead()
	d := *lead
	d.Hits, d.Parts, d.Follows, d.Vantages = nil, nil, nil, nil
	d.Consequences, d.Severity = slices.Clone(lead.Consequences), 0
	places := make(map[string]int, len(lead.Hits))
	for _, t := range g.told {
		d.add(t, places)
	}
	slices.Sort(d.Consequences)
	slices.Sort(d.Vantages)
	if d.Blame == probe.BlamePath {
		d.ownPath(len(sights))
	}
	rest := g.rest(sights)
	waiting := len(rest.unknown) > 0 && now.Before(rest.since.Add(secondAtMost))
	for i := range d.Hits {
		h := &d.Hits[i]
		if shown := g.showing(h.Stream); !alone && shown == 1 && (len(rest.fine) > 0 || waiting) &&
			h.Severity > probe.Error {
			h.Severity, h.Dead = probe.Error, nil
		}
		d.Severity = max(d.Severity, h.Severity)
	}
	slices.SortFunc(d.Hits, func(a, b Hit) int { return compare(a.Stream, b.Stream) })
	if len(rest.unknown) > 0 && d.Blame != probe.BlamePath && !lead.once {
		d.until(rest.since.Add(second))
	}
	g.say(&d, rest)
	return d
}

// add takes over what one vantage shows of a cause. Places are where its hits have
// each stream, while they are in no order.
func (d *Diagnosis) add(t telling, places map[string]int) {
	d.Vantages = append(d.Vantages, t.by.Vantage)
	for _, h := range t.Hits {
		i, known := places[h.Stream]
		if !known {
			h.Renditions, h.Dead = slices.Clone(h.Renditions), slices.Clone(h.Dead)
			places[h.Stream] = len(d.Hits)
			d.Hits = append(d.Hits, h)
			continue
		}
		mine := &d.Hits[i]
		mine.Severity = max(mine.Severity, h.Severity)
		for _, r := range h.Renditions {
			mine.add(r)
		}
		mine.Dead = slices.DeleteFunc(
			mine.Dead,
			func(r Dead) bool { return !slices.Contains(h.Dead, r) },
		) // elsewhere it plays
	}
	d.Parts, d.Follows = append(d.Parts, t.Parts...), append(d.Follows, t.Follows...)
	for _, id := range t.Consequences {
		if id != d.Check.ID && !slices.Contains(d.Consequences, id) {
			d.Consequences = append(d.Consequences, id)
		}
	}
	if t.Began.Before(d.Began) {
		d.Began = t.Began
	}
	if t.Last.After(d.Last) {
		d.Last = t.Last
	}
	d.Sick, d.Fading, d.Returns = d.Sick || t.Sick, d.Fading && t.Fading, max(d.Returns, t.Returns)
	d.until(t.Wait)
	for _, a := range t.Asks {
		if len(d.Asks) < 8 && !slices.Contains(d.Asks, a) {
			d.Asks = append(slices.Clip(d.Asks), a)
		}
	}
}

// ownPath says whose path is lost. Only when all are is the event unseen.
func (d *Diagnosis) ownPath(vantages int) {
	if d.Lost = d.Lost && len(d.Vantages) == vantages; d.Lost {
		d.Because = "no vantage gets through: " + d.Because
		return
	}
	d.Because = "the network of vantage " + strings.Join(d.Vantages, ", ") + ": " + d.Because
}

// showing is how many vantages show a cause on a stream.
func (g *joint) showing(stream string) (n int) {
	for _, t := range g.told {
		if t.hit(stream) != nil {
			n++
		}
	}
	return n
}

// Absent is the diagnosis that nobody watches from a vantage since a moment,
// while others may go on elsewhere.
func Absent(now time.Time, vantage string, since time.Time, there []string) Diagnosis {
	why := "no agent of vantage " + vantage + " is alive"
	if len(there) > 0 {
		why += "; the event is still watched from " + strings.Join(there, ", ")
	} else {
		why += ", nor of any other: nobody watches"
	}
	c := checks.VantageGone
	return Diagnosis{
		Check: c, Severity: c.Severity, Blame: c.Blame, Because: why, Scope: probe.ScopeEvent, Began: since, Last: now,
		Ready:  since,
		Detail: why, Sick: true, Vantages: []string{vantage},
		Parts: []Part{{Check: c, Severity: c.Severity, Holds: true, Vantage: vantage, Own: true}},
	}
}
