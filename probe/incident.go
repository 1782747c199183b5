package probe

import "time"

// Evidence is one request that shows the finding and how to repeat it.
type Evidence struct {
	At        time.Time           `json:"at"`
	URL       string              `json:"url"`
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

// Incident is one diagnosis with a life: one cause, with its consequences
// folded in. The JSON form is the same in the API, in incidents.jsonl and in
// webhooks.
type Incident struct {
	ID           string        `json:"id"`
	State        IncidentState `json:"state"`
	Check        string        `json:"check"`
	Severity     Severity      `json:"severity"`
	Blame        Blame         `json:"blame"`
	Because      string        `json:"because"` // what proves the blame, in one sentence
	Scope        Scope         `json:"scope"`
	Host         string        `json:"host,omitempty"` // of scope origin and edge: the host, with its port
	Event        string        `json:"event"`
	Streams      []string      `json:"streams"`              // all that are or were affected, sorted
	Stream       string        `json:"stream"`               // the first one affected
	Rendition    string        `json:"rendition"`            // the first one affected; "" is the whole stream
	Renditions   []string      `json:"renditions,omitempty"` // all that are or were affected
	Side         Side          `json:"side"`
	Summary      string        `json:"summary"`
	Detail       string        `json:"detail"`
	Began        time.Time     `json:"began"`  // first bad observation
	Opened       time.Time     `json:"opened"` // when the evidence sufficed
	Closed       *time.Time    `json:"closed"`
	Count        int           `json:"count"` // how often it was there: 1, and one more for each time it came back within its hold
	Spec         string        `json:"spec"`
	Consequences []string      `json:"consequences,omitempty"` // checks explained by this one
	Evidence     []Evidence    `json:"evidence"`
}

// Open reports whether the incident is not closed.
func (i *Incident) Open() bool { return i.State != Closed }
