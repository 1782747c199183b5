// Package incident gives diagnoses a life: an id that survives a change of
// cause, blame or severity, and one opened and one closed line.
//
// The rule that keeps it simple: the book is the only state behind the
// diagnosis, it has one owner, and what it holds changes only when a diagnosis
// is entered. Reading it changes nothing.
package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/diagnose"
)

const (
	// resumeGrace is how long, at least, an incident from before a restart waits
	// to be seen again before it closes: a fault that still holds may take several
	// target durations to show.
	resumeGrace = 30 * time.Second

	// news is for how long after its newest bad look a cause may be opened: what
	// only holds, and was another's consequence until now, is no news.
	news = 15 * time.Second

	// An open incident remembers so many renditions, and checks on targets, that it
	// hit: their names come from playlists, which may give ever new ones.
	mostRenditions = 512
	mostKeys       = 8192
)

// Book holds the open incidents of an event.
type Book struct {
	event string
	open  []*entry
	late  []*entry             // closed within the time of news
	ids   map[string]time.Time // given lately, so that none is given twice
}

// entry is an open incident and the diagnosis that it was last made from.
type entry struct {
	probe.Incident
	diagnosis diagnose.Diagnosis
	check     *checks.Check
	parts     map[key]time.Time // of its causes, ever, and when each was one last
	follows   map[key]time.Time // of what it explains, likewise
	told      told
	was       told      // what it said before that
	turns     int       // how often it went back to what it said before
	other     told      // what the diagnosis says instead
	since     time.Time // since when; zero while it says the same
	lower     time.Time // since when it is less severe; zero while it is not
	resumed   time.Time // when it was taken over from before a restart; zero once it was seen again
	count     int       // as of the times before the newest diagnosis
	seen      bool      // by the entry under way

	marks map[sight]map[probe.Target]probe.Severity // of the diagnosis; nil until somebody asks
}

// sight is what one vantage shows of one stream.
type sight struct{ vantage, stream string }

// marksOf returns the worst that the newest diagnosis says of each target. A page
// asks for each of thousands of streams, so the diagnosis is gone through once for all.
func (e *entry) marksOf(one sight) map[probe.Target]probe.Severity {
	if e.marks == nil {
		e.marks = map[sight]map[probe.Target]probe.Severity{}
		for _, parts := range [][]diagnose.Part{e.diagnosis.Parts, e.diagnosis.Follows} {
			for i := range parts {
				if parts[i].Holds {
					e.mark(&parts[i])
				}
			}
		}
	}
	return e.marks[one]
}

func (e *entry) mark(p *diagnose.Part) {
	of := sight{p.Vantage, p.Target.Stream}
	if e.marks[of] == nil {
		e.marks[of] = map[probe.Target]probe.Severity{}
	}
	at := probe.Target{Rendition: p.Target.Rendition, Side: p.Target.Side, Edge: p.Target.Edge}
	e.marks[of][at] = max(e.marks[of][at], p.Severity)
}

// key is one check on one target.
type key struct {
	check             *checks.Check
	stream, rendition string
	at                probe.Place
	own               string // the vantage, of what is its own matter
}

func keyOf(p *diagnose.Part) key {
	k := key{check: p.Check, stream: p.Target.Stream, rendition: p.Target.Rendition, at: p.Target.Place()}
	if p.Own {
		k.own = p.Vantage
	}
	return k
}

// told is what a change of makes an update.
type told struct {
	check    *checks.Check
	side     probe.Side
	edge     string
	blame    probe.Blame
	scope    probe.Scope
	host     string
	severity probe.Severity
}

// NewBook returns a book with the incidents that were open when the process
// stopped.
func NewBook(event string, resume []probe.Incident, now time.Time) *Book {
	b := &Book{event: event, ids: map[string]time.Time{}}
	for _, in := range resume {
		c, _ := checks.Find(in.Check) // nil of another version's: nobody finds it again, so it closes
		if !in.Open() {
			continue
		}
		if len(in.Streams) == 0 && in.Stream != "" { // of a version that had one stream for each
			in.Streams = []string{in.Stream}
		}
		b.ids[in.ID] = now
		b.open = append(b.open, &entry{
			Incident: in, check: c, resumed: now, count: max(in.Count, 1),
			parts: map[key]time.Time{}, follows: map[key]time.Time{},
			told: told{c, in.Side, in.Edge, in.Blame, in.Scope, in.Host, in.Severity},
		})
	}
	return b
}

// Open returns the open incidents as they are now, oldest first.
func (b *Book) Open() []probe.Incident {
	list := make([]probe.Incident, len(b.open))
	for i, e := range b.open {
		list[i] = e.copy()
	}
	return list
}

// Enter makes the open incidents those of the diagnoses. It returns the ones
// that opened, changed or closed, as they are after that, and when it must be
// called again at the latest, zero for not before anything changes. What only
// grew (streams, renditions, consequences) is told with the next change.
func (b *Book) Enter(
	now time.Time, all []diagnose.Diagnosis, recovery time.Duration,
) (changed []probe.Incident, next time.Time) {
	for _, e := range b.open {
		e.seen = false
	}
	matched := b.match(all)
	for i := range all {
		d := &all[i]
		e := matched[i]
		if e == nil && (d.Fading || now.Sub(d.Last) > news || now.Before(d.Wait) || b.remains(d)) {
			if now.Before(d.Wait) {
				next = probe.Sooner(next, d.Wait)
			}
			continue
		}
		if e == nil {
			e = b.begin(now, d)
			e.take(now, d)
			e.settle(e.said(d))
			changed = append(changed, e.copy())
			continue
		}
		e.take(now, d)
		was := e.Claim()
		update, again := e.revise(now, d)
		next = probe.Sooner(next, again)
		if update && e.Revise(now, was) {
			changed = append(changed, e.copy())
		}
	}
	b.open = slices.DeleteFunc(b.open, func(e *entry) bool {
		if e.seen {
			return false
		}
		if !e.resumed.IsZero() && now.Sub(e.resumed) < max(resumeGrace, recovery) {
			next = probe.Sooner(next, e.resumed.Add(max(resumeGrace, recovery)))
			return false
		}
		e.State, e.Closed = probe.Closed, new(now.UTC())
		changed = append(changed, e.copy())
		b.late = append(b.late, e)
		return true
	})
	b.late = slices.DeleteFunc(b.late, func(e *entry) bool { return now.Sub(*e.Closed) > news })
	return changed, next
}

// begin opens an incident.
func (b *Book) begin(now time.Time, d *diagnose.Diagnosis) *entry {
	e := &entry{parts: map[key]time.Time{}, follows: map[key]time.Time{}}
	e.Incident = probe.Incident{
		ID: b.id(now, d), State: probe.Opened, Event: b.event, Opened: now.UTC(), Began: d.Began.UTC(), Count: 1,
	}
	e.count = 1
	b.open = append(b.open, e)
	return e
}

// id names the moment and whom it hits, not the check: the cause may turn out to
// be another one.
func (b *Book) id(now time.Time, d *diagnose.Diagnosis) string {
	for id, given := range b.ids {
		if now.Sub(given) > time.Minute {
			delete(b.ids, id)
		}
	}
	whom := string(d.Scope)
	if len(d.Hits) == 1 {
		whom = d.Hits[0].Stream
	}
	if d.Edge != "" {
		whom += "-" + d.Edge
	}
	id := now.UTC().Format("20060102T150405Z-") + whom
	for n, base := 2, id; ; n++ {
		if _, taken := b.ids[id]; !taken {
			b.ids[id] = now
			return id
		}
		id = fmt.Sprintf("%s-%d", base, n)
	}
}

// take notes what a diagnosis adds: whom it hits and what it explains.
func (e *entry) take(now time.Time, d *diagnose.Diagnosis) {
	e.seen, e.resumed = true, time.Time{}
	for i := range d.Parts {
		if p := &d.Parts[i]; e.unnamed(p) && e.Rendition == "" && p.Target.Stream == e.Stream {
			e.Rendition, e.Renditions = p.Target.Rendition, nil
		}
	}
	was := e.diagnosis
	e.diagnosis, e.marks = *d, nil
	if was.Check != nil && was.Fading && !d.Fading {
		e.count++
	}
	e.Count = e.count + d.Returns
	if d.Began.Before(e.Began) {
		e.Began = d.Began.UTC()
	}
	for i := range d.Hits {
		e.Streams = insert(e.Streams, d.Hits[i].Stream)
		for _, r := range d.Hits[i].Renditions {
			if len(e.Renditions) < mostRenditions && !slices.Contains(e.Renditions, r) {
				e.Renditions = append(e.Renditions, r)
			}
		}
	}
	for _, v := range d.Vantages {
		e.Vantages = insert(e.Vantages, v)
	}
	for _, id := range d.Consequences {
		if id != d.Check.ID && id != e.Check {
			e.Consequences = insert(e.Consequences, id)
		}
	}
	for _, keys := range []map[key]time.Time{e.parts, e.follows} {
		if len(keys) > mostKeys {
			clear(keys) // what the newest diagnosis has is enough to know it again
		}
	}
	for i := range d.Parts {
		e.parts[keyOf(&d.Parts[i])] = now
	}
	for i := range d.Follows {
		e.follows[keyOf(&d.Follows[i])] = now
	}
}

// insert puts a word into a sorted list that has each word once.
func insert(list []string, word string) []string {
	i, found := slices.BinarySearch(list, word)
	if found {
		return list
	}
	return slices.Insert(slices.Clip(list), i, word)
}

func (e *entry) copy() probe.Incident {
	c := e.Incident
	c.Streams = slices.Clone(c.Streams)
	c.Renditions = slices.Clone(c.Renditions)
	c.Vantages = slices.Clone(c.Vantages)
	c.Consequences = slices.Clone(c.Consequences)
	c.Evidence = slices.Clone(c.Evidence)
	return c
}
