// Package checks holds what can be wrong with a live stream, one file for each
// check. A check is a struct value that registers itself: an id, the clause it
// comes from, when it runs, how much evidence opens an incident, what it
// explains, and a pure function over what is known of the stream.
// A Watch runs them and holds the symptoms that they show.
//
// The rule that keeps it simple: a check reads a Pass and reports; it holds no
// state, knows no clock, socket or log, and does not decide who is to blame
// beyond naming its default. What a check is stands on it as data, so that
// nobody else spells its id. A new check is one new file here.
package checks

import (
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// When says at which observations a check runs.
type When uint8

// Moments at which checks run.
const (
	OnPoll       When = iota // every poll of a playlist, failed ones too
	OnPlaylist               // a media or multivariant playlist whose text is new; the finding stays until the next text
	OnUpdate                 // a media playlist that replaced another one: what may not change between the two
	OnSegment                // every probe of a segment
	OnInit                   // every probe of an EXT-X-MAP resource
	OnCORS                   // every look with an Origin header that was answered
	OnKey                    // every probe of a decryption key; asked for in turn, so findings are over after Hold
	OnRemoved                // every probe of a segment that left the playlist
	OnLowLatency             // every probe of low-latency delivery
	OnIFrames                // every look at an I-frame playlist, filed with the multivariant playlist that lists it
)

// habits says of each moment what its looks are like.
var habits = [...]struct {
	clean int  // good looks in a row after which a finding may be over: a change that is seen once has none
	pokes bool // one poll more soon tells whether a finding holds
	lapse bool // what is not looked at any more is over too, in the end: segments come and go
	waits bool // a finding at the edge waits until the origin was asked after it; others compare the sides by themselves
}{
	OnPoll:       {clean: 2, pokes: true, waits: true},
	OnPlaylist:   {clean: 1, waits: true},
	OnUpdate:     {clean: 0, waits: true},
	OnSegment:    {clean: 2, lapse: true},
	OnInit:       {clean: 2, waits: true},
	OnCORS:       {clean: 2},
	OnKey:        {clean: 0, waits: true},
	OnRemoved:    {clean: 1, waits: true},
	OnLowLatency: {clean: 2, pokes: true, waits: true},
	OnIFrames:    {clean: 1},
}

// Pokes reports whether one poll more soon tells whether a finding holds.
func (w When) Pokes() bool { return habits[w].pokes }

// Waits reports whether a finding at the edge waits for the origin.
func (w When) Waits() bool { return habits[w].waits }

// AnyKind makes a check run on media and multivariant playlists alike.
const AnyKind probe.PlaylistKind = 0xff

// Check is one thing that can be wrong.
type Check struct {
	ID       string         // as in the catalogue: "upd.stale"
	Summary  string         // what an incident of this check says in a few words
	Doc      string         // condition, thresholds and exceptions, in prose
	Spec     string         // the clause or the page that it comes from
	Severity probe.Severity // the worst that it reports
	Blame    probe.Blame    // who is to blame when it is found at the origin
	When     When
	Kind     probe.PlaylistKind // Media (also when zero), Multivariant or AnyKind; of no meaning OnPoll
	Side     probe.Side         // the side that findings are about, when it is not the one observed

	// After findings in the last Of rounds open an incident: 1 (also when
	// zero) for evidence that cannot be a cache, a race or a lost packet.
	After, Of int
	// Shared lets findings on several renditions of one side within a target
	// duration count together towards After.
	Shared bool
	// Hold keeps an incident open for this many target durations after the
	// last finding: a change that is seen once has no round that says it is over.
	Hold int

	// Transport: the playlist could not be fetched at all.
	Transport bool
	// Staleness: the check sees one side stand still or fall behind.
	Staleness bool
	// AcrossRenditions: it compares renditions, so a fault in one shows in others.
	AcrossRenditions bool
	// Apart: it compares what an edge keeps with what its origin serves now. Only
	// a check that names it, found at the edge, explains it.
	Apart bool
	// Recovers: the end of a fault looks like a finding too.
	Recovers bool
	// Ripens: it often heals by itself within a moment, as while a cache reloads.
	// It stays a warning until it has lasted for a target duration.
	Ripens bool
	// Timed: it measures time. A process that did not get to run finds it without
	// reason.
	Timed bool
	// Passed: an edge may have passed these bytes on as the origin gave them, so a
	// finding waits for the origin's next probe.
	Passed bool
	// Slow: answers come, but late. On unrelated hosts at once it is our own path.
	Slow bool

	// Explains lists the checks whose findings are consequences of this one,
	// by id or by prefix ("edge.*").
	Explains []string

	Run func(*Pass)
}

// Needed returns how many findings of how many rounds open an incident.
func (c *Check) Needed() (after, of int) {
	after = max(c.After, 1)
	return after, max(c.Of, after)
}

// ExplainsCheck reports whether a finding of check id can be a consequence of c.
func (c *Check) ExplainsCheck(id string) bool {
	return slices.ContainsFunc(c.Explains, func(p string) bool {
		if prefix, ok := strings.CutSuffix(p, "*"); ok {
			return strings.HasPrefix(id, prefix)
		}
		return p == id
	})
}

var registered []*Check

func register(c Check) *Check {
	registered = append(registered, &c)
	return &c
}

// All returns every check in the order of ids.
func All() []*Check {
	all := slices.Clone(registered)
	slices.SortFunc(all, func(a, b *Check) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Find returns the check with an id, or with an unambiguous last part of one:
// "stale" finds upd.stale.
func Find(name string) (*Check, bool) {
	if i := slices.IndexFunc(registered, func(c *Check) bool { return c.ID == name }); i >= 0 {
		return registered[i], true
	}
	if name == VantageGone.ID {
		return VantageGone, true
	}
	if ids := Meant(name); len(ids) == 1 {
		return Find(ids[0])
	}
	return nil, false
}

// Meant returns the ids that end in a name: several where it is ambiguous.
func Meant(name string) (ids []string) {
	for _, c := range All() {
		if strings.HasSuffix(c.ID, "."+name) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Pass is one run of the checks over one observation.
type Pass struct {
	Now     time.Time
	Obs     *probe.Observation
	History *evidence.History // of the target that was observed; Obs is already part of it
	Stream  *evidence.Stream
	Fresh   bool    // the text of the playlist is new
	Found   *Report // what the running check reported, nil when nothing
	Silent  bool    // the running check could not tell: the observation is no round of it
	Held    bool    // what the running check found before is not over
	about   string  // name of the edge that the report is about, where it is not the target's
	Quiet   bool    // what the check says at info was said before: it needs no text, which costs
}

// Report is what a check says of one observation.
type Report struct {
	Severity probe.Severity
	Detail   string
	Line     int         // of the playlist, counting from 1; 0 is no line of its own
	Blame    probe.Blame // "" leaves it to the truth table
	Edge     string      // name of the edge that it is about, where the origin was looked at
	Proven   bool        // by several looks already: it needs no further one
}
