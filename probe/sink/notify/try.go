package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// SampleID is the id of the incident of a test.
const SampleID = "test-of-streamwatch"

// Sample is an incident that did not happen, on one stream of an event.
func Sample(event, stream string) []probe.Incident {
	now := time.Now().UTC().Truncate(time.Second)
	return []probe.Incident{{
		ID: SampleID, State: probe.Opened, Check: "test", Severity: probe.Critical, Blame: probe.BlameCDN, Event: event,
		Because: "this is a test: nothing happened", Scope: probe.ScopeStream, Streams: []string{stream}, Stream: stream,
		Side: probe.Edge, Summary: "playlist stopped moving",
		Detail: "no new segment for 9.4 s (limit 9 s); origin advanced 3 segments meanwhile",
		Began:  now.Add(-12 * time.Second), Opened: now, Count: 1, Spec: "RFC 8216bis §6.2.1",
		Evidence: []probe.Evidence{{
			At: now, URL: probe.ShownURL("https://edge.example/" + stream + ".m3u8"), Status: 200,
			Curl: "curl -sS https://edge.example/" + stream + ".m3u8",
		}},
	}}
}

// Samples are the messages about an incident of a test: opened and closed.
func Samples(in probe.Incident) []Message {
	opened := Message{Kind: Opened, Incident: in, At: in.Opened, Test: true}
	opened.Subject = opened.Headline()
	closed := Message{Kind: Closed, Incident: in, At: in.Opened, Test: true, Subject: opened.Subject}
	closed.Incident.State, closed.Incident.Closed = probe.Closed, &in.Opened
	return []Message{opened, closed}
}

// Try sends a message once. hint says what may help, with what the receiver
// answered; that may repeat a secret.
func Try(ctx context.Context, r *Receiver, m *Message, transport http.RoundTripper) (hint string, err error) {
	requests, err := r.Requests(m)
	if err != nil {
		return "", err
	}
	d := newDelivery(r, transport)
	var failed error
	for i := range requests {
		_, err := d.send(ctx, &requests[i])
		failed = errors.Join(failed, err)
	}
	if failed == nil {
		return "", nil
	}
	hint = "check the address, and that this machine may reach it"
	if e, ok := errors.AsType[advised](failed); ok {
		hint = e.hint
	}
	if e, ok := errors.AsType[*statusError](failed); ok {
		hint = statusHint(e.status)
		if said := clip(oneLine(e.said), 200); said != "" {
			hint = strings.TrimPrefix(hint+"; it says: "+said, "; ")
		}
	}
	if e, ok := errors.AsType[mailCode](failed); ok {
		hint = "the log of the mail server says why"
		if e == 530 || e == 534 || e == 535 { // RFC 4954 §6
			hint = "check username and password"
		}
	}
	return hint, shown(cause(failed))
}

func statusHint(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "check the key, or make a new webhook"
	case http.StatusNotFound, http.StatusGone:
		return "the address is not, or no longer, valid: make a new webhook"
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType:
		return "check that `format` is what the receiver takes"
	case http.StatusTooManyRequests:
		return "it takes no more messages for now"
	default:
		return ""
	}
}

// Text is a request as a person reads it, with its secrets.
func (r *Request) Text() (string, error) {
	var b strings.Builder
	if r.Mail != nil {
		if _, err := r.Mail.WriteTo(&b); err != nil {
			return "", fmt.Errorf("writing the mail: %w", err)
		}
		return strings.ReplaceAll(b.String(), "\r\n", "\n"), nil
	}
	fmt.Fprintf(&b, "%s %s\n", r.Method, r.URL)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(r.Header[name], ", "))
	}
	var body bytes.Buffer
	if err := json.Indent(&body, r.Body, "", "  "); err != nil {
		return "", fmt.Errorf("reading the body: %w", err)
	}
	return b.String() + "\n" + body.String(), nil
}

// TryAll sends messages, each once, until one is not taken: that of kind failed.
func TryAll(
	ctx context.Context, r *Receiver, list []Message, transport http.RoundTripper,
) (failed Kind, hint string, err error) {
	for i := range list {
		if hint, err := Try(ctx, r, &list[i], transport); err != nil {
			return list[i].Kind, hint, err
		}
	}
	return "", "", nil
}

// Named picks receivers by their names; no names are all of them.
func Named(list []Receiver, only []string) (picked []Receiver, err error) {
	if len(only) == 0 {
		return list, nil
	}
	var names []string
	for i := range list {
		names = append(names, list[i].Name)
		if slices.Contains(only, list[i].Name) {
			picked = append(picked, list[i])
		}
	}
	for _, name := range only {
		if !slices.Contains(names, name) {
			return nil, probe.Usage(fmt.Sprintf("--only: no receiver is called %q", name), "one of "+strings.Join(names, ", "))
		}
	}
	return picked, nil
}

// Show writes the requests that messages make, as mask lets them be shown.
func Show(w io.Writer, list []Receiver, messages []Message, mask func(string) string) error {
	for i := range list {
		for j := range messages {
			requests, err := list[i].Requests(&messages[j])
			if err != nil {
				return fmt.Errorf("%s: %w", list[i].Name, err)
			}
			for k := range requests {
				text, err := requests[k].Text()
				if err != nil {
					return fmt.Errorf("%s: %w", list[i].Name, err)
				}
				if _, err := fmt.Fprintf(w, "# %s, %s\n%s\n\n", list[i].Name, messages[j].Kind, mask(text)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
