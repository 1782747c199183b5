package client_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/web"
	"github.com/streamwatch/streamwatch/probe/web/client"
)

// event is one that does not change, and somebody at its desk.
type event struct {
	snap *probe.Snapshot
	did  []probe.Action
}

func (e *event) Snapshot() *probe.Snapshot { return e.snap }
func (e *event) Open() []probe.Incident    { return e.snap.Incidents }
func (e *event) Silences() []probe.Silence { return e.snap.Silences }

// Act notes what is done. No stream can be silenced.
func (e *event) Act(_ context.Context, a probe.Action) (probe.Action, error) {
	if a.Kind == probe.ActSilence && len(a.Silence.Streams) > 0 {
		return a, &probe.Refusal{Text: `there is no stream "mian"`, Hint: "the streams are main"}
	}
	e.did = append(e.did, a)
	return a, nil
}

// of returns the client of a server.
func of(t *testing.T, h http.Handler) *client.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	page, err := client.New(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// What status is given is what the page knows, with the open incidents, also in
// the JSON.
func TestStatus(t *testing.T) {
	in := probe.Incident{
		ID:       "a",
		State:    probe.Opened,
		Check:    "upd.stale",
		Severity: probe.Critical,
		Streams:  []string{"main"},
		Count:    3,
	}
	e := &event{snap: &probe.Snapshot{
		Event: "concert", Verdict: probe.Down, Incidents: []probe.Incident{in},
		Streams: []probe.StreamSnapshot{{Name: "main", Verdict: probe.Down, OpenIncidents: []string{"a"}}},
	}}
	armed := true
	page := of(t, web.New(web.Options{
		Source: e, Desk: e, Alarms: func() []web.Alarm { return []web.Alarm{{Name: "page", Armed: &armed}} },
		AlarmNotes: func() []string { return []string{"nobody confirmed"} },
	}).Handler())
	got, err := page.Status(t.Context())
	if err != nil || got.Value.Verdict != probe.Down || len(got.Value.Incidents) != 1 ||
		got.Value.Incidents[0].Count != 3 {
		t.Fatalf("%+v, %v", got.Value, err)
	}
	var text struct {
		Verdict   string
		Streams   []struct{ Name string }
		Incidents []struct{ ID, Check string }
	}
	if err := json.Unmarshal(got.JSON, &text); err != nil || text.Verdict != "down" || len(text.Streams) != 1 ||
		text.Incidents[0].ID != "a" {
		t.Errorf("%v in %s", err, got.JSON)
	}
	alarms, err := page.Alarms(t.Context())
	if err != nil || len(alarms.Value.Alarms) != 1 || !*alarms.Value.Alarms[0].Armed || len(alarms.Value.Notes) != 1 {
		t.Errorf("%+v, %v", alarms.Value, err)
	}
	if text := alarms.Value.Text(); text != "alarms wake people: page on\nnote: nobody confirmed\n" {
		t.Errorf("%q", text)
	}
}

// What people do arrives as they said it; what the page refuses comes back in its
// own words, as a mistake of the user.
func TestDeeds(t *testing.T) {
	e := &event{snap: &probe.Snapshot{Event: "concert", Incidents: []probe.Incident{{ID: "a b", State: probe.Opened}}}}
	page := of(t, web.New(web.Options{Source: e, Desk: e}).Handler())
	made, err := page.Silence(t.Context(), client.Muting{All: true, Seconds: 60, Reason: "rehearsal", By: "ana"})
	if err != nil || made.Value.Reason != "rehearsal" || !strings.Contains(string(made.JSON), `"reason":"rehearsal"`) {
		t.Errorf("%+v, %v", made.Value, err)
	}
	if ack, err := page.Acknowledge(t.Context(), "a b", "ben", "on it"); err != nil ||
		!strings.Contains(string(ack), `"id":"a b"`) {
		t.Errorf("%s, %v", ack, err)
	}
	if _, err := page.Unacknowledge(t.Context(), "a b", "ben", ""); err != nil {
		t.Error(err)
	}
	want := []probe.ActionKind{probe.ActSilence, probe.ActAcknowledge, probe.ActUnacknowledge}
	for i, a := range e.did {
		if a.Kind != want[i] || i == 1 && (a.By != "ben" || a.Note != "on it" || a.Incident != "a b") {
			t.Errorf("%+v, want %s", a, want[i])
		}
	}
	if len(e.did) != len(want) {
		t.Errorf("%d deeds arrived", len(e.did))
	}
	_, err = page.Silence(t.Context(), client.Muting{Streams: []string{"mian"}, Seconds: 60, Reason: "r", By: "ana"})
	if !probe.IsUsage(err) || err.Error() != `there is no stream "mian"` ||
		probe.HintOf(err) != "the streams are main" {
		t.Errorf("%v, hint %q", err, probe.HintOf(err))
	}
}

// Whoever cannot be asked is named without the password, and with a hint.
func TestPagesThatDoNotAnswer(t *testing.T) {
	answer := func(status int, text string) *client.Client {
		return of(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}))
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	nobody, err := client.New(strings.Replace(gone.URL, "http://", "http://ana:hunter2@", 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		page       *client.Client
		text, hint string
	}{
		"nobody": {nobody, "connection refused", "is streamwatch run or demo running there?"},
		"a password": {
			answer(http.StatusUnauthorized, ""), "it wants a password", "write http://USER:PASSWORD@HOST:PORT",
		},
		"another server": {answer(http.StatusOK, "<html>"), "reading the status", "is this the page of a streamwatch?"},
		"no words": {
			answer(http.StatusBadGateway, "oops"), "status 502, want 200", "is this the page of a streamwatch?",
		},
		"its own words": {
			answer(http.StatusConflict, `{"detail":"it stands by","hint":"ask hub b"}`), "it stands by", "ask hub b",
		},
		"not for us to do": {answer(http.StatusBadRequest, `{"detail":"no such limit"}`), "no such limit", ""},
	} {
		_, err := c.page.Status(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.text) || probe.HintOf(err) != c.hint ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, hint %q", name, err, probe.HintOf(err))
		}
	}
	for _, page := range []string{"nonsense", "ftp://a.example", "http://a.example:99999"} {
		if _, err := client.New(page); !probe.IsUsage(err) {
			t.Errorf("%s: %v", page, err)
		}
	}
}
