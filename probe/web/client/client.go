// Package client asks a running streamwatch over its HTTP API: what status,
// silence and ack on the command line do.
//
// The rule that keeps it simple: one request for each call, with a deadline; what
// the server says no to comes back in its own words, and no password of the
// address is in an error.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/web"
)

// Limits of one request.
const (
	deadline  = 5 * time.Second
	mostBytes = 16 << 20
)

// DefaultPage is where a streamwatch listens that is not told otherwise.
const DefaultPage = "http://127.0.0.1:8090"

// Client asks one streamwatch.
type Client struct{ page *url.URL }

// New returns the client of a page by its address; "" is DefaultPage.
func New(page string) (*Client, error) {
	if page == "" {
		page = DefaultPage
	}
	u, err := probe.ParseURL(page)
	if err != nil {
		return nil, probe.Usage("the URL of the page cannot be read", "such as "+DefaultPage)
	}
	return &Client{u}, nil
}

// Reply is an answer, and its JSON as it was sent.
type Reply[T any] struct {
	Value T
	JSON  []byte
}

// Status returns the verdicts with the incidents that are open. Its JSON is that
// of /api/v1/status, with "incidents" added.
func (c *Client) Status(ctx context.Context) (r Reply[probe.Snapshot], err error) {
	body, err := c.do(ctx, http.MethodGet, c.page.JoinPath("api/v1/status"), nil)
	if err != nil {
		return r, err
	}
	at := c.page.JoinPath("api/v1/incidents")
	at.RawQuery = "open=true&limit=1000"
	open, err := c.do(ctx, http.MethodGet, at, nil)
	if err != nil {
		return r, err
	}
	var list struct {
		Incidents json.RawMessage `json:"incidents"`
	}
	err = errors.Join(json.Unmarshal(body, &r.Value), json.Unmarshal(open, &list))
	if err == nil && list.Incidents != nil {
		err = json.Unmarshal(list.Incidents, &r.Value.Incidents)
	}
	if err != nil {
		err = fmt.Errorf("reading the status of %s: %w", c.page.Redacted(), err)
		return r, probe.WithHint(err, notOurs)
	}
	status := strings.TrimSuffix(strings.TrimSpace(string(body)), "}")
	r.JSON = fmt.Appendf(nil, "%s,\"incidents\":%s}\n", status, list.Incidents)
	return r, nil
}

// Health fails unless the process works. It needs no password.
func (c *Client) Health(ctx context.Context) error {
	_, err := c.do(ctx, http.MethodGet, c.page.JoinPath("healthz"), nil)
	return err
}

// Alarms are the alarms that the page shows, and what keeps them from reaching
// people.
type Alarms struct {
	Alarms []web.Alarm `json:"alarms"`
	Notes  []string    `json:"notes"`
}

// Text says whether the alarms that wake people are switched on, where the event has
// some in CloudWatch, and what keeps them from reaching people: a line each, "" where
// there is nothing to say.
func (a *Alarms) Text() string {
	var states []string
	for i := range a.Alarms {
		if one := &a.Alarms[i]; one.Armed != nil {
			states = append(states, one.Name+" "+report.OnOff(*one.Armed))
		}
	}
	text := ""
	if len(states) > 0 {
		text = "alarms wake people: " + strings.Join(states, ", ") + "\n"
	}
	for _, note := range a.Notes {
		text += "note: " + note + "\n"
	}
	return text
}

// Alarms returns the event's alarms. An older streamwatch has none to show, which
// is an error.
func (c *Client) Alarms(ctx context.Context) (Reply[Alarms], error) {
	return ask[Alarms](ctx, c, http.MethodGet, "alarms", nil)
}

// Silences are those of an event, with its maintenance: active, planned, and ended
// within a day.
type Silences struct {
	Silences []probe.Silence `json:"silences"`
}

// Silences lists them.
func (c *Client) Silences(ctx context.Context) (Reply[Silences], error) {
	return ask[Silences](ctx, c, http.MethodGet, "silences", nil)
}

// Muting says what is to be silenced, and for how long.
type Muting struct {
	Streams []string `json:"streams"` // none is every stream
	Check   string   `json:"check"`
	Scope   string   `json:"scope"`
	All     bool     `json:"all"` // needed where nothing above is given
	Seconds float64  `json:"for_seconds"`
	Reason  string   `json:"reason"`
	By      string   `json:"by"`
}

// Silence makes a silence.
func (c *Client) Silence(ctx context.Context, m Muting) (Reply[probe.Silence], error) {
	return ask[probe.Silence](ctx, c, http.MethodPost, "silences", m)
}

// deed is what somebody does to a silence or an incident that exists.
type deed struct {
	By   string `json:"by"`
	Note string `json:"note,omitempty"`
}

// Expire ends a silence now.
func (c *Client) Expire(ctx context.Context, id, by string) (Reply[probe.Silence], error) {
	return ask[probe.Silence](ctx, c, http.MethodDelete, "silences/"+url.PathEscape(id), deed{By: by})
}

// Acknowledge says that somebody takes care of an incident, and returns it as it
// is now, in JSON.
func (c *Client) Acknowledge(ctx context.Context, id, by, note string) ([]byte, error) {
	r, err := ask[json.RawMessage](ctx, c, http.MethodPost, "incidents/"+url.PathEscape(id)+"/ack", deed{by, note})
	return r.JSON, err
}

// Unacknowledge takes that back.
func (c *Client) Unacknowledge(ctx context.Context, id, by, note string) ([]byte, error) {
	r, err := ask[json.RawMessage](ctx, c, http.MethodDelete, "incidents/"+url.PathEscape(id)+"/ack", deed{by, note})
	return r.JSON, err
}

// ask makes one request below /api/v1, with a body in JSON where there is one, and
// reads the answer.
func ask[T any](ctx context.Context, c *Client, method, path string, with any) (r Reply[T], err error) {
	var body io.Reader
	if with != nil {
		text, err := json.Marshal(with)
		if err != nil {
			return r, err
		}
		body = bytes.NewReader(text)
	}
	r.JSON, err = c.do(ctx, method, c.page.JoinPath("api/v1", path), body)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(r.JSON, &r.Value); err != nil {
		return r, fmt.Errorf("reading the answer: %w", err)
	}
	return r, nil
}

// notOurs is what to think of an answer that no streamwatch gives.
const notOurs = "is this the page of a streamwatch?"

// do makes one request.
func (c *Client) do(ctx context.Context, method string, u *url.URL, with io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), with)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", u.Redacted(), err)
	}
	if with != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err // without the URL, which may hold a password
		}
		return nil, probe.WithHint(
			fmt.Errorf("asking %s: %w", u.Redacted(), err),
			"is streamwatch run or demo running there?",
		)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, mostBytes))
	switch {
	case err != nil:
		return nil, fmt.Errorf("asking %s: %w", u.Redacted(), err)
	case res.StatusCode == http.StatusUnauthorized:
		return nil, probe.WithHint(
			fmt.Errorf("asking %s: it wants a password", u.Redacted()),
			"write http://USER:PASSWORD@HOST:PORT",
		)
	case res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated:
		return nil, refused(u, res.StatusCode, body)
	}
	return body, nil
}

// refused is an answer that says no, in the server's own words where it has some.
func refused(u *url.URL, status int, body []byte) error {
	var problem struct{ Detail, Hint string }
	if json.Unmarshal(body, &problem) != nil || problem.Detail == "" {
		return probe.WithHint(fmt.Errorf("asking %s: status %d, want 200", u.Redacted(), status), notOurs)
	}
	if status == http.StatusBadRequest {
		return probe.Usage(problem.Detail, problem.Hint)
	}
	return probe.WithHint(fmt.Errorf("asking %s: %s", u.Redacted(), problem.Detail), problem.Hint)
}
