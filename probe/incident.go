package probe

import "time"

// Finding is one thing that is wrong at one moment, reported by a check.
type Finding struct {
	Check     string
	Severity  Severity
	Stream    string
	Rendition string
	Side      Side
	Summary   string // constant for the check: "playlist stopped moving"
	Detail    string // what was seen, with its figures and the limit
	Blame     Blame
	Spec      string // the clause it comes from
	At        time.Time
	Evidence  Evidence
}

// Evidence is one request that shows the finding and how to repeat it.
type Evidence struct {
	At        time.Time           `json:"at"`
	URL       ShownURL            `json:"url"`
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

// IncidentState is opened or closed.
type IncidentState string

// States of an incident.
const (
	Opened IncidentState = "opened"
	Closed IncidentState = "closed"
)

// Incident is a finding that held: one cause, with its consequences folded in.
// The JSON form is the same in the API, in incidents.jsonl and in webhooks.
type Incident struct {
	ID           string        `json:"id"`
	State        IncidentState `json:"state"`
	Check        string        `json:"check"`
	Severity     Severity      `json:"severity"`
	Blame        Blame         `json:"blame"`
	Event        string        `json:"event"`
	Stream       string        `json:"stream"`
	Rendition    string        `json:"rendition"`            // the first one affected; "" is the whole stream
	Renditions   []string      `json:"renditions,omitempty"` // all that are affected
	Side         Side          `json:"side"`
	Summary      string        `json:"summary"`
	Detail       string        `json:"detail"`
	Began        time.Time     `json:"began"`  // first bad observation
	Opened       time.Time     `json:"opened"` // when the evidence sufficed
	Closed       *time.Time    `json:"closed"`
	Spec         string        `json:"spec"`
	Consequences []string      `json:"consequences,omitempty"` // checks explained by this one
	Evidence     []Evidence    `json:"evidence"`
}
