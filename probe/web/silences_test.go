package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// counter takes all that is asked for, and refuses what it is told to.
type counter struct {
	did    []probe.Action
	refuse error
	list   []probe.Silence
}

func (c *counter) Act(_ context.Context, a probe.Action) (probe.Action, error) {
	if c.refuse != nil {
		return a, c.refuse
	}
	if a.Silence != nil && a.Silence.ID == "" {
		a.Silence.ID = "20261128T190000Z"
	}
	c.did = append(c.did, a)
	return a, nil
}

func (c *counter) Silences() []probe.Silence { return c.list }

// newDesk returns a server with incidents, one of them closed, and what it asks.
func newDesk() (*Server, *counter) {
	f := &fake{snap: sick(start), past: []probe.Incident{over(start)}}
	o, desk := f.options(), &counter{list: []probe.Silence{{
		ID: "a", State: probe.SilenceActive, Streams: []string{"main"}, From: start, Until: start.Add(time.Hour),
		By: "ana", Reason: "r",
	}}}
	o.Desk = desk
	return New(o), desk
}

func TestSilenceRequests(t *testing.T) {
	json := []string{"Content-Type", "application/json"}
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	foreign := append([]string{"Origin", "http://evil.example"}, json...)
	const silences, ack = "/api/v1/silences", "/api/v1/incidents/01J9ZK/ack"
	const good = `"for":"2h","reason":"r","by":"ana"`
	for _, c := range []struct {
		name, method, target, body string
		header                     []string
		want                       int
		says                       string
	}{
		{"a stream", "POST", silences, `{"stream":"main",` + good + `}`, json, 201, `"id":"20261128T190000Z"`},
		{"seconds", "POST", silences, `{"check":"upd.stale","for_seconds":60,"reason":"r","by":"ana"}`, json, 201, ""},
		{
			"until", "POST", silences, `{"scope":"edge","until":"2026-11-28T21:00:00Z","reason":"r","by":"ana"}`, json, 201,
			`"until":"2026-11-28T21:00:00.000Z"`,
		},
		{"all", "POST", silences, `{"all":true,` + good + `}`, json, 201, ""},
		{"nothing", "POST", silences, `{` + good + `}`, json, 400, `\"all\": true for everything`},
		{"all and a stream", "POST", silences, `{"all":true,"stream":"main",` + good + `}`, json, 400, "exclude"},
		{"no time", "POST", silences, `{"all":true,"reason":"r","by":"ana"}`, json, 400, "how long"},
		{"two times", "POST", silences, `{"all":true,"for_seconds":1,` + good + `}`, json, 400, "give one of for"},
		{"a wrong time", "POST", silences, `{"all":true,"for":"2 hours"}`, json, 400, `for is \"2 hours\"`},
		{"unknown key", "POST", silences, `{"steam":"main"}`, json, 400, "the fields are stream, streams, check"},
		{"wrong type", "POST", silences, `{"for":2}`, json, 400, "reading the request"},
		{"two objects", "POST", silences, `{"all":true,` + good + `}{}`, json, 400, "something follows"},
		{"no JSON", "POST", silences, `all`, json, 400, ""},
		{"empty", "POST", silences, ``, json, 400, ""},
		{"from a form", "POST", silences, `all=true`, form, 415, "application/json"},
		{"without a type", "POST", silences, `{"all":true,` + good + `}`, nil, 415, ""},
		{"from a foreign page", "POST", silences, `{"all":true,` + good + `}`, foreign, 403, ""},
		{"list", "GET", silences, "", nil, 200, `{"silences":[{"id":"a"`},
		{"one", "GET", silences + "/a", "", nil, 200, `"state":"active"`},
		{"an unknown one", "GET", silences + "/b", "", nil, 404, "there is no silence"},
		{"put", "PUT", silences, "", nil, 405, ""},
		{"post to one", "POST", silences + "/a", "", nil, 405, ""},
		{"expire", "DELETE", silences + "/a", "", nil, 200, `"id":"a"`},
		{"expire, by", "DELETE", silences + "/a", `{"by":"ana"}`, json, 200, ""},
		{"expire from a foreign page", "DELETE", silences + "/a", "", foreign, 403, ""},
		{"ack", "POST", ack, `{"by":"ana","note":"on it"}`, json, 200, `"id":"01J9ZK"`},
		{"take back", "DELETE", ack, "", nil, 200, ""},
		{"look at it", "GET", ack, "", nil, 405, ""},
		{"ack from a foreign page", "POST", ack, `{"by":"ana"}`, foreign, 403, ""},
		{"ack from a form", "POST", ack, `by=ana`, form, 415, ""},
	} {
		server, desk := newDesk()
		w := ask(t, server.Handler(), c.method, c.target, c.body, c.header...)
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s, want %d and %s", c.name, w.Code, w.Body, c.want, c.says)
		}
		if did, want := len(desk.did), c.want < 300 && c.method != "GET"; did > 0 != want {
			t.Errorf("%s: did %+v", c.name, desk.did)
		}
		if c.want == 201 && w.Header().Get("Location") != silences+"/20261128T190000Z" {
			t.Errorf("%s: Location %q", c.name, w.Header().Get("Location"))
		}
	}
}

// What the desk refuses is said with its hint, under the status that fits.
func TestRefusedActions(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		method string
		target string
		want   int
	}{
		"nonsense":         {&probe.Refusal{Text: "t", Hint: "h"}, "POST", "/api/v1/silences", 400},
		"unknown silence":  {&probe.Refusal{Reason: probe.NotFound, Text: "t"}, "DELETE", "/api/v1/silences/x", 404},
		"maintenance":      {&probe.Refusal{Reason: probe.Conflict, Text: "t"}, "DELETE", "/api/v1/silences/x", 409},
		"full disk":        {errors.New("/secret/path: no space"), "POST", "/api/v1/silences", 503},
		"unknown incident": {&probe.Refusal{Reason: probe.NotFound}, "POST", "/api/v1/incidents/nope/ack", 404},
		"closed incident":  {&probe.Refusal{Reason: probe.NotFound}, "POST", "/api/v1/incidents/01J9AA/ack", 409},
	} {
		server, desk := newDesk()
		desk.refuse = c.err
		body := map[bool]string{true: `{"all":true,"for":"1h"}`, false: `{"by":"ana"}`}[c.target == "/api/v1/silences"]
		w := ask(t, server.Handler(), c.method, c.target, body, "Content-Type", "application/json")
		var got struct{ Title, Detail, Hint string }
		err := json.Unmarshal(w.Body.Bytes(), &got)
		if err != nil || w.Code != c.want || got.Title != http.StatusText(c.want) || got.Detail == "" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		refusal, ok := errors.AsType[*probe.Refusal](c.err)
		if ok && got.Hint != refusal.Hint && refusal.Hint != "" || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
}

// Who comes in with a name need not say it again.
func TestTheUserActs(t *testing.T) {
	f := &fake{snap: sick(start)}
	o, desk := f.options(), &counter{}
	o.Desk, o.Auth = desk, Auth{"ops", "s3cret"}
	h := New(o).Handler()
	r, _ := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
	r.SetBasicAuth("ops", "s3cret")
	header := []string{"Content-Type", "application/json", "Authorization", r.Header.Get("Authorization")}
	ask(t, h, "POST", "/api/v1/silences", `{"all":true,"for":"1h","reason":"r"}`, header...)
	ask(t, h, "POST", "/api/v1/incidents/01J9ZK/ack", `{"by":"ana"}`, header...)
	if w := ask(t, h, "POST", "/api/v1/silences", `{"all":true}`, "Content-Type", "application/json"); w.Code != 401 {
		t.Errorf("without the password: %d", w.Code)
	}
	if len(desk.did) != 2 || desk.did[0].By != "ops" || desk.did[1].By != "ana" {
		t.Errorf("did %+v", desk.did)
	}
}

// An open page hears at once that somebody acted, though no stream changed.
func TestPagesHearOfActions(t *testing.T) {
	h := newHub(&fake{snap: sick(start)})
	c := h.join()
	h.note(&probe.Batch{Actions: []probe.Action{{Kind: probe.ActSilence}}})
	if !h.send(sick(start), nil, false, false) {
		t.Fatal("nothing was sent")
	}
	frame := string(<-c.frames)
	if !strings.HasPrefix(frame, "event: status") || !strings.Contains(frame, `"silences":[]`) {
		t.Errorf("frame %s", frame)
	}
	if h.send(sick(start), nil, false, false) {
		t.Error("it was sent twice")
	}
}
