package fleet

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// Protocol is the version of the messages. Agents and hubs of one fleet have the
// same one; it changes when a message means something else, not when a field is
// added.
const Protocol = 1

// The messages, as they stand in JSON. They have the fields of what they carry,
// in the same order, so that the compiler tells when one of the two changes.
// Times are RFC 3339 with nanoseconds by the sender's clock, durations are whole
// nanoseconds where nothing else is said. No field holds a URL that may be
// requested: those have tokens in them.

type wirePulse struct {
	Stream   string     `json:"stream"`
	Side     probe.Side `json:"side"`
	Edge     string     `json:"edge,omitempty"`
	Host     string     `json:"host"`
	Round    time.Time  `json:"round,omitzero"`
	Answered time.Time  `json:"answered,omitzero"`
	Reached  time.Time  `json:"reached,omitzero"`
	Advanced time.Time  `json:"advanced,omitzero"`
	Quick    time.Time  `json:"quick,omitzero"`
}

type wireTarget struct {
	Stream    string     `json:"stream"`
	Rendition string     `json:"rendition,omitempty"`
	Side      probe.Side `json:"side"`
	Edge      string     `json:"edge,omitempty"`
	URL       string     `json:"-"`
	Role      probe.Role `json:"role,omitempty"`
	Peak      uint64     `json:"peak,omitempty"`
	Average   uint64     `json:"average,omitempty"`
}

type wireLag struct {
	Known    bool          `json:"known"`
	Age      time.Duration `json:"age,omitempty"`
	Segments uint64        `json:"segments,omitempty"`
	Hidden   time.Duration `json:"hidden,omitempty"`
}

type wireLate struct {
	At    time.Time `json:"at,omitzero"`
	Lag   wireLag   `json:"lag,omitzero"`
	Still bool      `json:"still,omitempty"`
}

// wireState is evidence.State; of an observation only the exchange is told.
type wireState struct {
	Target       wireTarget                `json:"target"`
	Unnamed      bool                      `json:"unnamed,omitempty"`
	Host         string                    `json:"host"`
	Current      *probe.WireExchange       `json:"current,omitempty"`
	Good         *probe.WireExchange       `json:"good,omitempty"`
	Kind         uint8                     `json:"kind,omitempty"` // of a playlist: 0 unknown, 1 media, 2 multivariant
	Live         bool                      `json:"live,omitempty"`
	Listed       int                       `json:"listed,omitempty"`
	Polls        int                       `json:"polls,omitempty"`
	Failures     int                       `json:"failures,omitempty"`
	FailingSince time.Time                 `json:"failing_since,omitzero"`
	FailedAs     probe.Failure             `json:"failed_as,omitempty"`
	FailedFrom   time.Time                 `json:"failed_from,omitzero"`
	Recovered    time.Time                 `json:"recovered,omitzero"`
	FailedWith   int                       `json:"failed_with,omitempty"`
	Relapsed     time.Time                 `json:"relapsed,omitzero"`
	LastError    time.Time                 `json:"last_error,omitzero"`
	Lost         time.Time                 `json:"lost,omitzero"`
	LostPolls    int                       `json:"lost_polls,omitempty"`
	Answered     time.Time                 `json:"answered,omitzero"`
	Reached      time.Time                 `json:"reached,omitzero"`
	Advanced     time.Time                 `json:"advanced,omitzero"`
	High         uint64                    `json:"high,omitempty"`
	TD           time.Duration             `json:"target_duration,omitempty"`
	Allowance    time.Duration             `json:"allowance,omitempty"`
	Cycle        time.Duration             `json:"cycle,omitempty"`
	TTL          probe.Fact[time.Duration] `json:"ttl,omitzero"` // seconds
	Lag          wireLag                   `json:"lag,omitzero"`
	Late         wireLate                  `json:"late,omitzero"`
	SegmentAt    time.Time                 `json:"segment_at,omitzero"`
	Probed       time.Time                 `json:"probed,omitzero"`
	Delivered    time.Time                 `json:"delivered,omitzero"`
	Speed        wireSpeed                 `json:"speed,omitzero"`
}

type wireSpeed struct {
	Quick     time.Time `json:"quick,omitzero"`
	Slow      time.Time `json:"slow,omitzero"`
	Share     float64   `json:"share,omitempty"`
	KeptQuick time.Time `json:"kept_quick,omitzero"`
	KeptSlow  time.Time `json:"kept_slow,omitzero"`
	KeptShare float64   `json:"kept_share,omitempty"`
}

// wireSymptom is checks.Symptom; its check goes by its id.
type wireSymptom struct {
	Check    string              `json:"check"`
	Target   int                 `json:"target"`
	Side     probe.Side          `json:"side"`
	Edge     string              `json:"edge,omitempty"`
	Since    time.Time           `json:"since,omitzero"`
	Last     time.Time           `json:"last,omitzero"`
	Asked    time.Time           `json:"asked,omitzero"`
	Ready    time.Time           `json:"ready,omitzero"`
	Ended    time.Time           `json:"ended,omitzero"`
	Sick     bool                `json:"sick,omitempty"`
	Severity uint8               `json:"severity,omitempty"`
	Detail   string              `json:"detail,omitempty"`
	Blame    probe.Blame         `json:"blame,omitempty"`
	Exchange *probe.WireExchange `json:"exchange,omitempty"`
	Returns  int                 `json:"returns,omitempty"`
	Evidence []wireEvidence      `json:"evidence,omitempty"`
}

type wireEvidence struct {
	At        time.Time                 `json:"at"`
	URL       probe.ShownURL            `json:"url"`
	Line      int                       `json:"line,omitempty"`
	Status    int                       `json:"status,omitempty"`
	Failure   probe.Failure             `json:"failure,omitempty"`
	Cache     string                    `json:"cache,omitempty"`
	Age       probe.Fact[time.Duration] `json:"age,omitzero"` // seconds
	Pop       string                    `json:"pop,omitempty"`
	RequestID string                    `json:"request_id,omitempty"`
	Curl      string                    `json:"curl"`
}

// head stands at the beginning of every message.
type head struct {
	V       int    `json:"v"` // Protocol
	Vantage string `json:"vantage"`
	Agent   string `json:"agent"`
	// Clock is what must be added to the message's times to have them by the
	// hub's clock, in nanoseconds.
	Clock time.Duration `json:"clock,omitempty"`
}

// viewMessage is what a vantage knows of a stream, sent when that changes.
type viewMessage struct {
	head
	order
	Stream   string        `json:"stream"`
	At       time.Time     `json:"at"`
	Base     probe.Verdict `json:"base"`
	Pulses   []wirePulse   `json:"pulses,omitempty"`
	Busy     *busyMessage  `json:"busy,omitempty"` // when the agent did not get to run
	Sick     bool          `json:"sick,omitempty"`
	Targets  []wireState   `json:"targets,omitempty"`
	Symptoms []wireSymptom `json:"symptoms,omitempty"`
}

// order tells which of two messages about a stream is the newer one: that of the
// later lease, and of one lease that of the higher number.
type order struct {
	Lease uint64 `json:"lease"` // when the lease was taken, Unix milliseconds by the hub's clock
	Seq   uint64 `json:"seq"`
}

func (o order) after(p order) bool {
	return o.Lease > p.Lease || o.Lease == p.Lease && o.Seq > p.Seq
}

// encodeView writes what a vantage knows of a stream.
func encodeView(h head, o order, v *incident.View, busy *busyMessage) ([]byte, error) {
	m := viewMessage{Busy: busy, head: h, order: o, Stream: v.Stream, At: v.At, Base: v.Base, Pulses: toPulses(v)}
	if v.Sick != nil {
		m.Sick = true
		for i := range v.Sick.Targets {
			m.Targets = append(m.Targets, toState(v.Sick.Targets[i]))
		}
		for i := range v.Sick.Symptoms {
			m.Symptoms = append(m.Symptoms, toSymptom(&v.Sick.Symptoms[i]))
		}
	}
	text, err := json.Marshal(&m)
	return fit(text), err
}

// decodeView is the inverse of encodeView, with times by the hub's clock.
func decodeView(data []byte) (*incident.View, order, *busyMessage, error) {
	var m viewMessage
	if err := read(data, &m, &m.head); err != nil {
		return nil, order{}, nil, err
	}
	shift(&m, m.Clock)
	v := &incident.View{Vantage: m.Vantage, Watcher: m.watcher(m.Lease), Stream: m.Stream, At: m.At, Base: m.Base}
	if err := fromPulses(v, m.Pulses); err != nil {
		return nil, order{}, nil, err
	}
	if !m.Sick {
		return v, m.order, m.Busy, nil
	}
	v.Sick = &diagnose.Stream{Name: m.Stream}
	for i := range m.Targets {
		if m.Targets[i].Current == nil && m.Targets[i].Polls > 0 {
			return nil, order{}, nil, fmt.Errorf("target %d of stream %q was polled and has no answer", i, m.Stream)
		}
		v.Sick.Targets = append(v.Sick.Targets, fromState(&m.Targets[i]))
	}
	for i := range m.Symptoms {
		s, err := fromSymptom(&m.Symptoms[i], len(m.Targets))
		if err != nil {
			return nil, order{}, nil, err
		}
		v.Sick.Symptoms = append(v.Sick.Symptoms, s)
	}
	return v, m.order, m.Busy, nil
}

// watcher names who holds a lease.
func (h *head) watcher(lease uint64) string { return fmt.Sprintf("%s#%d", h.Agent, lease) }

// read reads a message of this protocol.
func read(data []byte, into any, h *head) error {
	data, err := unfit(data)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		if _ = json.Unmarshal(data, h); h.V == 0 || h.V == Protocol { // else that is why
			return fmt.Errorf("a message that cannot be read: %w", err)
		}
	}
	if h.V != Protocol {
		return fmt.Errorf(
			"a message of protocol %d, this streamwatch speaks %d: bring agents and hub to one version",
			h.V,
			Protocol,
		)
	}
	return nil
}
