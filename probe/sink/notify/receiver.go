package notify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/streamwatch/streamwatch/probe"
)

// Format is how a receiver wants to be told.
type Format string

// Formats.
const (
	JSON        Format = "json"        // the incident, as in the API
	CloudEvents Format = "cloudevents" // the same in an envelope: CloudEvents 1.0, structured mode
	Slack       Format = "slack"       // Slack's incoming webhook, or what takes the same
	Teams       Format = "teams"       // an Adaptive Card for a Workflows webhook
	PagerDuty   Format = "pagerduty"   // Events API v2
	Opsgenie    Format = "opsgenie"    // Alert API v2
	Mail        Format = "email"       // SMTP
)

// Receiver is whom a sink tells, and how. Its address and keys are secret.
type Receiver struct {
	Name     string // a word and a number, such as webhook-1: a label, a name of files
	Format   Format
	URL      string            // of the webhook or the service; "" is the service's own
	Key      string            // of PagerDuty and Opsgenie
	Headers  map[string]string // sent with each request
	Secret   string            // signs each body; "" signs nothing
	SMTP     SMTP              // of Mail
	Severity probe.Severity    // what is less severe is not told of
	Streams  []string          // only incidents that hit one of these; none is all
}

// fingerprint tells a receiver from every other, wherever it stands in the event
// file, and gives nothing of its address away.
func (r *Receiver) fingerprint() string {
	sum := sha256.Sum256(fmt.Appendln(nil, r.Format, r.URL, r.Key, r.SMTP.Host, r.SMTP.To))
	return hex.EncodeToString(sum[:4])
}

// wants reports whether an incident is the receiver's business.
func (r *Receiver) wants(in *probe.Incident) bool {
	return in.Severity >= r.Severity && (len(r.Streams) == 0 || slices.ContainsFunc(r.Streams, func(s string) bool {
		return s == in.Stream || slices.Contains(in.Streams, s)
	}))
}

// Request is one thing to send: a mail, or a request by HTTP.
type Request struct {
	Method, URL string
	Header      http.Header
	Body        []byte
	Mail        *mail.Msg // nil is HTTP
}

// Requests returns what tells the receiver a message. It is a pure function.
func (r *Receiver) Requests(m *Message) ([]Request, error) {
	switch r.Format {
	case Slack:
		return r.post(r.URL, slack(m))
	case Teams:
		return r.post(r.URL, teams(m))
	case PagerDuty:
		return r.pagerduty(m)
	case Opsgenie:
		return r.opsgenie(m)
	case Mail:
		return r.mails(m)
	case CloudEvents:
		list, err := r.post(r.URL, cloudEvent(m))
		for i := range list {
			list[i].Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
		}
		return list, err
	default:
		list, err := r.post(r.URL, &m.Incident)
		for i := range list {
			list[i].Header.Set("X-Streamwatch-Event", string(m.Kind))
			list[i].Header.Set("X-Streamwatch-Delivery", m.ID())
		}
		return list, err
	}
}

// post is one request with a body of JSON.
func (r *Receiver) post(address string, body any) ([]Request, error) {
	one, err := r.request(http.MethodPost, address, body)
	return []Request{one}, err
}

func (r *Receiver) request(method, address string, body any) (Request, error) {
	text, err := encoded(body)
	if err != nil {
		return Request{}, err
	}
	h := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"streamwatch"}}
	for name, value := range r.Headers {
		h.Set(name, value)
	}
	return Request{Method: method, URL: address, Header: h, Body: text}, nil
}

// encoded is JSON without escapes that only a web page needs: they would count
// against the limits of the receivers.
func encoded(body any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, fmt.Errorf("writing the message: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// cloudEvent is an envelope of CloudEvents 1.0 with an incident in it.
func cloudEvent(m *Message) any {
	source := "/streamwatch/" + m.Incident.Event
	if page, _, found := strings.Cut(m.Incident.URL, "/#"); found {
		source = page + source
	}
	return struct {
		SpecVersion string          `json:"specversion"`
		ID          string          `json:"id"`
		Source      string          `json:"source"`
		Type        string          `json:"type"`
		Subject     string          `json:"subject"`
		Time        string          `json:"time"`
		ContentType string          `json:"datacontenttype"`
		Data        *probe.Incident `json:"data"`
	}{
		"1.0", m.ID(), source, "io.streamwatch.incident." + string(m.Kind), m.Incident.ID, probe.FormatTime(m.At),
		"application/json", &m.Incident,
	}
}
