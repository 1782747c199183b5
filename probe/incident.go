package probe

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Evidence is one request that shows the finding and how to repeat it.
type Evidence struct {
	At        time.Time           `json:"at"`
	URL       ShownURL            `json:"url"`
	Line      int                 `json:"line,omitempty"` // of the playlist that was answered; 0 where it is about no line
	Status    int                 `json:"status"`
	Failure   Failure             `json:"failure,omitempty"`
	Cache     string              `json:"cache,omitempty"`
	Age       Fact[time.Duration] `json:"age_seconds,omitzero"`
	Pop       string              `json:"pop,omitempty"`
	RequestID string              `json:"request_id,omitempty"`
	Curl      string              `json:"curl"`
}

// EvidenceOf takes from an exchange what a person needs to see it again.
func EvidenceOf(e *Exchange) Evidence {
	return Evidence{
		At: e.Done.UTC(), URL: e.URL, Status: e.Status, Failure: e.Failure, Cache: e.Cache(), Age: e.Age,
		Pop: e.Pop, RequestID: e.RequestID, Curl: e.Curl(),
	}
}

// IncidentState says what the newest change of an incident was.
type IncidentState string

// States of an incident. One that is Opened or Updated is open.
const (
	Opened  IncidentState = "opened"
	Updated IncidentState = "updated" // its cause, blame, severity or scope changed
	Closed  IncidentState = "closed"
)

// Scope says how far one cause reaches.
type Scope string

// Scopes, from the widest to the narrowest. Incident.Host names the origin or
// the edge.
const (
	ScopeEvent     Scope = "event"
	ScopeOrigin    Scope = "origin"
	ScopeEdge      Scope = "edge"
	ScopeStream    Scope = "stream"
	ScopeRendition Scope = "rendition"
)

// Scopes lists them.
var Scopes = [...]Scope{ScopeEvent, ScopeOrigin, ScopeEdge, ScopeStream, ScopeRendition}

// Incident is one diagnosis with a life: one cause, with its consequences
// folded in. The JSON form is the same in the API, in incidents.jsonl and in
// webhooks.
type Incident struct {
	ID            string           `json:"id"`
	State         IncidentState    `json:"state"`
	Check         string           `json:"check"`
	Severity      Severity         `json:"severity"`
	Blame         Blame            `json:"blame"`
	Because       string           `json:"because"` // what proves the blame, in one sentence
	Scope         Scope            `json:"scope"`
	Host          string           `json:"host,omitempty"` // of scope origin and edge: the host, with its port
	Event         string           `json:"event"`
	Streams       []string         `json:"streams"`              // all that are or were affected, sorted
	Stream        string           `json:"stream"`               // the first one affected
	Rendition     string           `json:"rendition"`            // the first one affected; "" is the whole stream
	Renditions    []string         `json:"renditions,omitempty"` // all that are or were affected
	Side          Side             `json:"side"`
	Edge          string           `json:"edge,omitempty"`     // of several edges the only one that shows it
	Vantages      []string         `json:"vantages,omitempty"` // that show or showed it, sorted, of several
	Summary       string           `json:"summary"`
	Detail        string           `json:"detail"`
	Began         time.Time        `json:"began"`  // first bad observation
	Opened        time.Time        `json:"opened"` // when the evidence sufficed
	Closed        *time.Time       `json:"closed"`
	ClosedBecause string           `json:"closed_because,omitempty"` // "the event is over", say; "" when the fault ended
	Count         int              `json:"count"`                    // 1, and more when it came back within its hold
	Spec          string           `json:"spec"`
	Consequences  []string         `json:"consequences,omitempty"` // checks explained by this one
	Updates       []Change         `json:"updates,omitempty"`      // how its claim changed, oldest first; the newest 20
	Evidence      []Evidence       `json:"evidence"`
	Acknowledged  *Acknowledgement `json:"acknowledged,omitempty"` // nil: nobody takes care of it yet
	Silenced      *Muting          `json:"silenced,omitempty"`     // what mutes it, or did when it closed
	URL           string           `json:"url,omitempty"`          // its place on the page; filled where it leaves us
	Runbook       string           `json:"runbook,omitempty"`      // the page of its check, or the command that prints it
	Recording     string           `json:"recording,omitempty"`    // where to get what was served around it; "" has none
}

// Claim is what an incident asserts: what broke, whose fault it is, how bad and
// how far. A change of it is news: a line in incidents.jsonl, a message to
// people. A change of anything else, such as the detail, is not.
type Claim struct {
	Check    string
	Severity Severity
	Blame    Blame
	Scope    Scope
	Host     string
	Edge     string
}

// Claim returns what the incident asserts now.
func (i *Incident) Claim() Claim { return Claim{i.Check, i.Severity, i.Blame, i.Scope, i.Host, i.Edge} }

// Changes says in words how a later claim differs: "blame origin → cdn, scope
// stream → edge d111.cloudfront.net"; "" when it does not.
func (c Claim) Changes(later Claim) string {
	var list []string
	change := func(what, was, is string) {
		if was != is {
			list = append(list, what+" "+was+" → "+is)
		}
	}
	change("check", c.Check, later.Check)
	change("severity", c.Severity.String(), later.Severity.String())
	change("blame", string(c.Blame), string(later.Blame))
	change("scope", c.scope(), later.scope())
	change("edge", cmp.Or(c.Edge, "all"), cmp.Or(later.Edge, "all"))
	return strings.Join(list, ", ")
}

func (c Claim) scope() string { return strings.TrimSpace(string(c.Scope) + " " + c.Host) }

// Change is one update of an incident.
type Change struct {
	At   time.Time `json:"at"`
	What string    `json:"what"` // in words: "severity error → critical, blame origin → cdn"
}

// maxUpdates is how many changes an incident remembers.
const maxUpdates = 20

// Revise makes the incident an updated one when its claim is not what it was,
// and remembers the change. It reports whether it is.
func (i *Incident) Revise(at time.Time, was Claim) bool {
	what := was.Changes(i.Claim())
	if what == "" {
		return false
	}
	i.State = Updated
	i.Updates = append(slices.Clone(i.Updates[max(0, len(i.Updates)-maxUpdates+1):]), Change{at.UTC(), what})
	return true
}

// listed is how many streams are named before they are only counted.
const listed = 3

// Where says in words how far the cause reaches: "the edge host
// d111.cloudfront.net: 28 streams", "main 720p at the edge".
func (i *Incident) Where() string {
	who := strings.Join(i.Streams, ", ")
	switch {
	case len(i.Streams) > listed:
		who = strconv.Itoa(len(i.Streams)) + " streams"
	case len(i.Streams) == 0:
		who = i.Stream
	}
	switch i.Scope {
	case ScopeEvent:
		return join("the whole event", who)
	case ScopeOrigin, ScopeEdge:
		if i.Edge != "" {
			return join("edge "+i.Edge+" ("+i.Host+")", who)
		}
		return join(strings.TrimSpace("the "+string(i.Scope)+" "+prefixed("host ", i.Host)), who)
	case ScopeStream, ScopeRendition:
	}
	if i.Rendition != "" {
		who = strings.TrimSpace(who + " " + i.Rendition)
		if n := len(i.Renditions); n > listed {
			who += " and " + strconv.Itoa(n-1) + " more"
		} else if n > 1 {
			who = strings.TrimSpace(i.Stream + " " + strings.Join(i.Renditions, ", "))
		}
	}
	if i.Edge != "" {
		return who + " at edge " + i.Edge
	}
	return who + prefixed(" at the ", i.Side.String())
}

// AtEdge makes a summary name the edge that it is about, one of several: "edge
// is behind the origin" becomes "edge second is behind the origin". Without a
// name it stays as it is.
func AtEdge(summary, edge string) string {
	if edge == "" {
		return summary
	}
	if rest, ok := strings.CutPrefix(summary, "edge "); ok {
		return "edge " + edge + " " + rest
	}
	return summary + " at edge " + edge
}

func join(place, who string) string { return place + prefixed(": ", who) }

// prefixed returns text after a prefix, or nothing.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// Muted reports whether nobody is to be told of the incident as it is now.
func (i *Incident) Muted() bool { return i.Silenced != nil }

// Open reports whether the incident is not closed.
func (i *Incident) Open() bool { return i.State != Closed }
