package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

func TestSlack(t *testing.T) {
	in := incident("a", probe.Opened, probe.Critical)
	in.Rendition, in.Detail = "<!channel>", strings.Repeat("ü", 2000)
	h := hook{Webhook: Webhook{Format: Slack}}
	text, err := h.body(&message{incident: in})
	if err != nil {
		t.Fatal(err)
	}
	var m slackMessage
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if want := "CRITICAL e: playlist stopped moving on main &lt;!channel&gt; at the edge, blame cdn"; m.Text != want {
		t.Errorf("text %q", m.Text)
	}
	if a := m.Attachments[0]; len(a.Text) > maxText+200 || a.Color != "#c62828" {
		t.Errorf("attachment %+v", a)
	}
}

func TestSlackSaysScopeReasonAndCount(t *testing.T) {
	in := incident("a", probe.Opened, probe.Critical)
	in.Began = time.Date(2026, 11, 28, 19, 0, 5, 0, time.UTC)
	in.Scope, in.Host, in.Because, in.Count = probe.ScopeEdge, "d111.cloudfront.net", "the origin answers for all of them <now>", 3
	in.URL, in.Runbook = "http://127.0.0.1:8090/#incident=a", "http://127.0.0.1:8090/checks/upd.stale"
	for i := range 27 {
		in.Streams = append(in.Streams, fmt.Sprint("s", i))
	}
	m := slack(&message{incident: in})
	if want := "CRITICAL e: playlist stopped moving on the edge host d111.cloudfront.net: 28 streams, blame cdn"; m.Text != want {
		t.Errorf("got  %q\nwant %q", m.Text, want)
	}
	want := "no new segment for 9.4 s (limit 9 s)\nBlame: the CDN\nBecause: the origin answers for all of them &lt;now&gt;\n" +
		"Since 2026-11-28 19:00:05 UTC, came 3 times\nRunbook: http://127.0.0.1:8090/checks/upd.stale"
	if a := m.Attachments[0]; a.Text != want || a.Link != in.URL || a.Title != "the edge host d111.cloudfront.net: 28 streams" {
		t.Errorf("got  %q, %q, %q\nwant %q", a.Title, a.Text, a.Link, want)
	}
	in.State, in.Blame = probe.Updated, probe.BlameOrigin
	updated := slack(&message{incident: in, changed: "blame cdn → origin"})
	if got := updated.Text; !strings.HasPrefix(got, "UPDATED, now CRITICAL e: playlist") || !strings.HasSuffix(got, "blame origin") {
		t.Errorf("updated: %q", got)
	}
	if got := updated.Attachments[0].Text; !strings.HasPrefix(got, "Changed: blame cdn → origin\n") {
		t.Errorf("updated: %q", got)
	}
	in.State, in.Closed = probe.Closed, new(in.Began.Add(time.Minute))
	if got := slack(&message{incident: in}).Text; !strings.HasPrefix(got, "CLOSED after 1m0s e:") {
		t.Errorf("closed: %q", got)
	}
}
