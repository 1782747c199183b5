package probe

import (
	"encoding/json"
	"time"
)

// Acknowledgement says that somebody takes care of an incident.
type Acknowledgement struct {
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Note string    `json:"note"`
}

// String says it in words: "acknowledged by ana at 2026-11-28 19:04:00 UTC: on it".
func (a *Acknowledgement) String() string {
	return "acknowledged by " + a.By + " at " + a.At.UTC().Format("2006-01-02 15:04:05 UTC") + prefixed(": ", a.Note)
}

// ActionKind says what somebody did.
type ActionKind string

// Actions.
const (
	ActSilence       ActionKind = "silence"
	ActExpire        ActionKind = "expire" // ended a silence before its time
	ActAcknowledge   ActionKind = "acknowledge"
	ActUnacknowledge ActionKind = "unacknowledge"
)

// Action is something that a person did about incidents. Each is a line of
// incidents.jsonl, told from those of incidents by its kind.
type Action struct {
	Kind     ActionKind `json:"kind"`
	At       time.Time  `json:"at"`
	By       string     `json:"by"`
	Incident string     `json:"incident,omitempty"` // id, of one that was (un)acknowledged
	Note     string     `json:"note,omitempty"`     // of an acknowledgement
	Silence  *Silence   `json:"silence,omitempty"`  // as it is after the action
}

// String says it in words: "silenced main until 21:00:00 UTC: new encoder".
func (a Action) String() string {
	switch {
	case a.Kind == ActSilence && a.Silence != nil:
		until := a.Silence.Until.UTC().Format("2006-01-02 15:04:05 UTC")
		return "silenced " + a.Silence.Where() + " until " + until + prefixed(": ", a.Silence.Reason)
	case a.Kind == ActExpire && a.Silence != nil:
		return "ended the silence of " + a.Silence.Where() + prefixed(": ", a.Silence.Reason)
	case a.Kind == ActAcknowledge:
		return "acknowledged " + a.Incident + prefixed(": ", a.Note)
	case a.Kind == ActUnacknowledge:
		return "took back the acknowledgement of " + a.Incident
	default:
		return string(a.Kind)
	}
}

// Refusal says why something that a person asked for is not done.
type Refusal struct {
	Reason RefusalReason
	Text   string
	Hint   string // what to do instead; may be empty
}

// RefusalReason says what is in the way.
type RefusalReason uint8

// Reasons to refuse.
const (
	Invalid  RefusalReason = iota // what was asked for makes no sense
	NotFound                      // what it is about is not there
	Conflict                      // it cannot be done as things are
)

// Error returns the text, without the hint.
func (r *Refusal) Error() string { return r.Text }

// MarshalJSON writes the acknowledgement as the API gives it.
func (a Acknowledgement) MarshalJSON() ([]byte, error) {
	type plain Acknowledgement
	return json.Marshal(struct {
		plain
		At stamp `json:"at"`
	}{plain(a), stamp(a.At)})
}

// MarshalJSON writes the action as incidents.jsonl and the report have it.
func (a Action) MarshalJSON() ([]byte, error) {
	type plain Action
	return json.Marshal(struct {
		Kind ActionKind `json:"kind"`
		At   stamp      `json:"at"`
		plain
	}{a.Kind, stamp(a.At), plain(a)})
}
