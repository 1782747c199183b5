package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// changer answers what a test sets.
type changer struct {
	change Change
	err    error
	got    string
}

func (c *changer) Reload(context.Context) (Change, error) {
	c.got = "reload"
	return c.change, c.err
}

func (c *changer) SetStream(_ context.Context, name string, text []byte) (Change, error) {
	c.got = "set " + name + " " + string(text)
	return c.change, c.err
}

func (c *changer) RemoveStream(_ context.Context, name string) (Change, error) {
	c.got = "remove " + name
	return c.change, c.err
}

func TestChanges(t *testing.T) {
	refusal := &Refusal{
		Status: http.StatusConflict, Detail: "this needs a restart", NeedsRestart: []string{"event changed"},
	}
	for _, c := range []struct {
		method, target, body string
		answer               changer
		status               int
		want, got            string
	}{
		{
			"POST", "/api/v1/reload", "",
			changer{change: Change{Changed: []string{"ends changed"}, Notes: []string{"a note"}}},
			200,
			`{"changed":["ends changed"],"notes":["a note"]}`, "reload",
		},
		{"POST", "/api/v1/reload", "", changer{}, 200, `{"changed":[]}`, "reload"},
		{
			"POST", "/api/v1/reload", "",
			changer{err: refusal},
			409,
			`{"title":"Conflict","status":409,"detail":"this needs a restart","needs_restart":["event changed"]}`, "reload",
		},
		{
			"POST", "/api/v1/reload", "",
			changer{err: &Refusal{Status: 400, Detail: "d", Problems: []Problem{{
				File: "event.yaml", Line: 3, Column: 5, Message: "m", Hint: "h",
			}}}},
			400,
			`"problems":[{"file":"event.yaml","line":3,"column":5,"message":"m","hint":"h"}]`, "reload",
		},
		{
			"POST", "/api/v1/reload", "",
			changer{err: errors.New("disk /secret/path is full")},
			500,
			`the log says why`, "reload",
		},
		{"GET", "/api/v1/reload", "", changer{}, 405, `use POST`, ""},
		{
			"PUT", "/api/v1/streams/b", "manifest: /b",
			changer{change: Change{Added: true, Changed: []string{"streams.b added"}}},
			201, `{"changed":["streams.b added"]}`, "set b manifest: /b",
		},
		{"PUT", "/api/v1/streams/b", "x", changer{}, 200, `{"changed":[]}`, "set b x"},
		{"PUT", "/api/v1/streams/b", strings.Repeat("x", maxBodyBytes+1), changer{}, 413, `at most 16384 bytes`, ""},
		{"DELETE", "/api/v1/streams/b", "", changer{}, 204, ``, "remove b"},
		{"GET", "/api/v1/streams/b", "", changer{}, 405, `use PUT, DELETE`, ""},
	} {
		f := &fake{snap: sick(start)}
		o := f.options()
		o.Changes = &c.answer
		w := ask(t, New(o).Handler(), c.method, c.target, c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || c.answer.got != c.got {
			t.Errorf("%s %s: %d %s, told %q; want %d %s, %q",
				c.method, c.target, w.Code, w.Body, c.answer.got, c.status, c.want, c.got)
		}
	}
}

// Who may not see the event may not change it, and no foreign page may.
func TestChangesAreGuarded(t *testing.T) {
	f := &fake{snap: sick(start)}
	o := f.options()
	to := &changer{}
	o.Changes, o.Auth = to, Auth{"ops", "hunter2"}
	h := New(o).Handler()
	for _, target := range []string{"POST /api/v1/reload", "PUT /api/v1/streams/b", "DELETE /api/v1/streams/b"} {
		method, path, _ := strings.Cut(target, " ")
		if w := ask(t, h, method, path, "manifest: /b"); w.Code != http.StatusUnauthorized {
			t.Errorf("%s without a password: %d", target, w.Code)
		}
		w := ask(t, h, method, path, "manifest: /b", "Authorization", "Basic b3BzOmh1bnRlcjI=",
			"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		if w.Code != http.StatusForbidden {
			t.Errorf("%s from a foreign page: %d", target, w.Code)
		}
	}
	if to.got != "" {
		t.Errorf("something was changed: %s", to.got)
	}
	o.Changes = nil
	w := ask(t, New(o).Handler(), "POST", "/api/v1/reload", "", "Authorization", "Basic b3BzOmh1bnRlcjI=")
	if w.Code != http.StatusNotFound {
		t.Errorf("an event that cannot change: %d", w.Code)
	}
}
