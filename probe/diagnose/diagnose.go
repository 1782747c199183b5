// Package diagnose says what is wrong with a whole event: which causes there
// are, how far each reaches, whose fault it is and what proves that.
//
// The rule that keeps it simple: Diagnose is one pure function. It keeps
// nothing, knows no clock, and decides everything anew from what it is told, so
// that a blame which was wrong is right as soon as the evidence is.
package diagnose

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// Event is what is known of an event at one moment.
type Event struct {
	Streams []Stream // those with symptoms
	Pulses  []Pulse  // of every stream and place
	Control Control
	Lost    Span // when the monitor's own path was lost last
	Once    bool // one look must do: nothing is waited for
}

// Stream is one stream with symptoms.
type Stream struct {
	Name     string
	Targets  []*evidence.State
	Symptoms []checks.Symptom
}

// Pulse is what is known of one stream at one place, whether it has symptoms or
// not. Times are when the newest such poll began; zero is never.
type Pulse struct {
	Stream   string
	Side     probe.Side
	Edge     string // as in probe.Place
	Host     string
	Round    time.Time // of the newest looks at each of its playlists the oldest: since then all were looked at
	Answered time.Time // the head of an answer came
	Reached  time.Time // the host answered, or accepted or refused a connection
	Advanced time.Time // a new segment was seen
	Quick    time.Time // a segment came quickly
}

// Control is what the control URL said of our own path.
type Control struct {
	Known bool      // it was asked
	OK    bool      // it answered
	Asked time.Time // when it was last asked

	Usual time.Duration // how long it takes to answer
	Took  time.Duration // how long the newest slow answer took
	Slow  time.Time     // when that was asked for; zero is never
	Quick time.Time     // when the newest answer was asked for that was not slow; zero is never
}

// Span is a stretch of time; zero is none.
type Span struct{ From, Until time.Time }

// Diagnosis is one cause.
type Diagnosis struct {
	Check        *checks.Check
	Side         probe.Side
	Edge         string // name of the edge, where the event has several and it is not on all of them
	Severity     probe.Severity
	Blame        probe.Blame
	Because      string // what proves the blame
	Scope        probe.Scope
	Host         string    // of scope origin and edge
	Began, Last  time.Time // first and newest bad look
	Ready        time.Time // when the evidence of one stream sufficed; zero while it does not
	Detail       string
	Hits         []Hit    // whom it hits, sorted by stream
	Consequences []string // checks that it explains
	Evidence     []probe.Evidence
	Returns      int // how often it came back within its hold

	Parts   []Part // what it stands on
	Follows []Part // what it explains

	Vantages []string // that show it, sorted; nil where the event is watched from one place

	Lost   bool           // our own path is lost now
	Unsure bool           // it may yet be our own path: an open incident stays as it is
	Sick   bool           // the newest look at one of its targets was bad
	Fading bool           // the cause is over, its consequences are not: it opens nothing
	Wait   time.Time      // not before, unless it is known already: other looks may widen or move it; zero does not wait
	Asks   []probe.Target // whose next poll would tell; one without a rendition is any of its stream and side

	at       string          // host that it is asked at
	exchange *probe.Exchange // of the worst symptom
	once     bool            // one look must do
}

// Part is one check on one target.
type Part struct {
	Check  *checks.Check
	Target probe.Target // without its URL

	Unnamed  bool // the target had no name at first: it is a manifest that turned out to be a media playlist
	Severity probe.Severity
	Holds    bool   // it is not over
	Vantage  string // that shows it; "" where the event is watched from one place
	Own      bool   // it is the vantage's own matter, which others have no part in
}

// Hit is what one stream suffers from a cause.
type Hit struct {
	Stream     string
	Renditions []string // "" is the multivariant playlist
	Severity   probe.Severity
	Dead       []Dead // playlists that nobody can play for it
}

// Dead is a rendition that cannot be played: on one edge, or with an empty Edge
// wherever it is asked for.
type Dead struct{ Edge, Rendition string }

const (
	// roundTrip is how long after a request that found no answer another must
	// have been sent for its answer to prove anything: what was sent beside it
	// may have come through just before the fault.
	roundTrip = 250 * time.Millisecond

	// Gather is how long a cause waits for company that may widen its scope.
	Gather = 250 * time.Millisecond

	// companyAtMost is for how long, after the first stream's evidence sufficed, those
	// that were hit later may keep it from being told.
	companyAtMost = 2 * time.Second
)

// Diagnose returns the causes of what is wrong, the widest first.
func Diagnose(now time.Time, e *Event) []Diagnosis {
	x := &examination{now: now, event: e, named: make(map[string]*Stream, len(e.Streams))}
	for i := range e.Streams {
		x.named[e.Streams[i].Name] = &e.Streams[i]
		x.tell(&e.Streams[i])
	}
	x.path()
	x.slow()
	out := make([]Diagnosis, 0, len(x.stories))
	for _, group := range x.join() {
		out = append(out, x.diagnosis(group))
	}
	x.addUp(out)
	slices.SortStableFunc(out, func(a, b Diagnosis) int { return len(b.Hits) - len(a.Hits) })
	return out
}

// examination is one run of Diagnose.
type examination struct {
	now     time.Time
	event   *Event
	named   map[string]*Stream
	stories []*story
	lost    bool // our own path is the suspect
	lossOf  loss
	doubt   bool                // it may be: wait for the control URL, or for a second look
	late    late                // answers that come, but late
	pulses  map[place]*[]*Pulse // by place and host
}

// place is a host in its role.
type place struct {
	probe.Place
	host string
}

// Place is where the stream was asked.
func (p *Pulse) Place() probe.Place { return probe.Place{Side: p.Side, Edge: p.Edge} }

// at returns the pulses of a host. Most events have one origin and one edge, so
// the list that was added to last is looked at first.
func (x *examination) at(p place) []*Pulse {
	if x.pulses == nil {
		x.pulses = map[place]*[]*Pulse{}
		var recent [len(probe.Sides) + 1]*[]*Pulse
		for i := range x.event.Pulses {
			one := &x.event.Pulses[i]
			list := recent[one.Side]
			if list == nil || (*list)[0].Host != one.Host || (*list)[0].Edge != one.Edge {
				key := place{one.Place(), one.Host}
				if list = x.pulses[key]; list == nil {
					list = new([]*Pulse)
					x.pulses[key] = list
				}
				recent[one.Side] = list
			}
			*list = append(*list, one)
		}
	}
	if list := x.pulses[p]; list != nil {
		return *list
	}
	return nil
}
