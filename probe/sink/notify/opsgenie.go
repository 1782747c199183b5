package notify

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// OpsgenieURL is the root of the Alert API v2; https://api.eu.opsgenie.com is that of
// the EU region.
const OpsgenieURL = "https://api.opsgenie.com"

// Limits of the Alert API v2, in characters.
const (
	opsgenieMessage     = 130
	opsgenieAlias       = 512
	opsgenieDescription = 15000
	opsgenieTag         = 50
	opsgenieNote        = 25000
)

// opsgenieAlert is a request to create an alert.
type opsgenieAlert struct {
	Message     string            `json:"message"`
	Alias       string            `json:"alias"`
	Description string            `json:"description"`
	Tags        []string          `json:"tags"`
	Details     map[string]string `json:"details"`
	Entity      string            `json:"entity"`
	Source      string            `json:"source"`
	Priority    string            `json:"priority"`
}

// opsgenie makes the incident an alert, by its id. An update changes the alert's
// message and priority, and says in a note what is new.
func (r *Receiver) opsgenie(m *Message) ([]Request, error) {
	in := &m.Incident
	base := strings.TrimSuffix(strings.TrimRight(cmp.Or(r.URL, OpsgenieURL), "/"), "/v2/alerts") + "/v2/alerts"
	alias := clip(in.ID, opsgenieAlias)
	note := map[string]string{"note": clip(m.text(), opsgenieNote), "source": "streamwatch"}
	type step struct {
		method, path string
		body         any
	}
	var steps []step
	switch m.Kind {
	case Acknowledged:
		steps = []step{{http.MethodPost, "/acknowledge", note}}
	case Closed:
		steps = []step{{http.MethodPost, "/close", note}}
	case Updated:
		steps = []step{
			{http.MethodPut, "/message", map[string]string{"message": clip(m.Headline(), opsgenieMessage)}},
			{http.MethodPut, "/priority", map[string]string{"priority": priority(in.Severity)}},
			{http.MethodPost, "/notes", note},
		}
	default:
		steps = []step{{http.MethodPost, "", &opsgenieAlert{
			Message: clip(m.Headline(), opsgenieMessage), Alias: alias, Description: clip(m.text(), opsgenieDescription),
			Tags: []string{
				"streamwatch", in.Severity.String(), clip("blame:"+string(in.Blame), opsgenieTag), clip(in.Check, opsgenieTag),
			},
			Details: map[string]string{
				"event": in.Event, "check": in.Check, "blame": string(in.Blame), "scope": string(in.Scope),
			},
			Entity: clip(in.Where(), opsgenieAlias), Source: "streamwatch", Priority: priority(in.Severity),
		}}}
	}
	if m.Kind == Opened && in.Acknowledged != nil {
		steps = append(steps, step{http.MethodPost, "/acknowledge", note})
	}
	var list []Request
	for _, s := range steps {
		address := base
		if s.path != "" {
			address += "/" + url.PathEscape(alias) + s.path + "?identifierType=alias"
		}
		one, err := r.request(s.method, address, s.body)
		if err != nil {
			return nil, err
		}
		one.Header.Set("Authorization", "GenieKey "+r.Key)
		list = append(list, one)
	}
	return list, nil
}

// priority is how Opsgenie ranks a severity.
func priority(s probe.Severity) string {
	switch s {
	case probe.Critical:
		return "P1"
	case probe.Error:
		return "P2"
	case probe.Warning:
		return "P3"
	default:
		return "P5"
	}
}
