package notify

import (
	"cmp"
	"net/url"
	"strings"
	"time"
)

// PagerDutyURL takes events of the Events API v2; https://events.eu.pagerduty.com/v2/enqueue
// does for accounts in the EU region.
const PagerDutyURL = "https://events.pagerduty.com/v2/enqueue"

// Limits of the Events API v2, in characters.
const (
	pagerdutySummary = 1024
	pagerdutyKey     = 255
)

// pagerdutyEvent is an event of the Events API v2.
type pagerdutyEvent struct {
	RoutingKey string            `json:"routing_key"`
	Action     string            `json:"event_action"` // trigger, acknowledge or resolve
	DedupKey   string            `json:"dedup_key"`
	Client     string            `json:"client,omitempty"`
	ClientURL  string            `json:"client_url,omitempty"`
	Payload    *pagerdutyPayload `json:"payload,omitempty"` // of a trigger
	Links      []pagerdutyLink   `json:"links,omitempty"`
}

type pagerdutyPayload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"` // critical, error, warning or info, as ours
	Timestamp string            `json:"timestamp"`
	Component string            `json:"component,omitempty"`
	Group     string            `json:"group,omitempty"`
	Class     string            `json:"class,omitempty"`
	Details   map[string]string `json:"custom_details"`
}

type pagerdutyLink struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// pagerduty makes the incident one of PagerDuty's, by its id: an update and a
// repetition are further triggers of the same one, which page nobody again while
// it is open there. One that somebody took before it was told is acknowledged at
// once: nobody else has to get up.
func (r *Receiver) pagerduty(m *Message) ([]Request, error) {
	in := &m.Incident
	e := pagerdutyEvent{RoutingKey: r.Key, DedupKey: clip(in.ID, pagerdutyKey)}
	taken := e
	switch m.Kind {
	case Acknowledged:
		e.Action = "acknowledge"
	case Closed:
		e.Action = "resolve"
	default:
		e.Action, e.Client = "trigger", "streamwatch"
		e.Payload = &pagerdutyPayload{
			Summary: clip(m.Headline(), pagerdutySummary), Source: cmp.Or(in.Host, in.Event), Severity: in.Severity.String(),
			Timestamp: in.Began.UTC().Format(time.RFC3339Nano), Component: clip(in.Where(), pagerdutyKey),
			Group: in.Event, Class: in.Check,
			Details: map[string]string{},
		}
		for _, f := range m.facts() {
			e.Payload.Details[f.Name] = f.Text
		}
		for _, l := range m.links() {
			e.Links = append(e.Links, pagerdutyLink{l.Text, l.Name})
			e.ClientURL = cmp.Or(e.ClientURL, l.Text)
		}
	}
	list, err := r.post(pagerdutyURL(r.URL), &e)
	if err != nil || m.Kind != Opened || in.Acknowledged == nil {
		return list, err
	}
	taken.Action = "acknowledge"
	then, err := r.post(pagerdutyURL(r.URL), &taken)
	return append(list, then...), err
}

// pagerdutyURL completes an address that is a host alone.
func pagerdutyURL(given string) string {
	u, err := url.Parse(given)
	switch {
	case given == "":
		return PagerDutyURL
	case err == nil && strings.Trim(u.Path, "/") == "":
		return u.JoinPath("v2", "enqueue").String()
	default:
		return given
	}
}
