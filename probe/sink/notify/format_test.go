package notify

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// outage is a night's incident: the edge host of an event of 28 streams.
func outage() probe.Incident {
	began := time.Date(2026, 11, 28, 19, 42, 5, 0, time.UTC)
	in := probe.Incident{
		ID: "20261128T194210Z-edge", State: probe.Opened, Check: "upd.stale", Severity: probe.Critical, Blame: probe.BlameCDN,
		Because: "the origin is fresh for the same content, and 27 other streams on d111111abcdef8.cloudfront.net are stale too",
		Scope:   probe.ScopeEdge, Host: "d111111abcdef8.cloudfront.net", Event: "autumn-concert", Stream: "cam-01", Side: probe.Edge,
		Summary: "playlist stopped moving", Detail: "no new segment for 21 s (limit 18 s); origin advanced 3 segments meanwhile",
		Began: began, Opened: began.Add(5 * time.Second), Count: 1, Spec: "RFC 8216bis §6.2.1",
		Evidence: []probe.Evidence{{
			At: began, URL: "https://d111111abcdef8.cloudfront.net/cam-01/720p.m3u8?token=REDACTED", Status: 200,
			Curl: "curl -sS -H 'X-Viewer: REDACTED' 'https://d111111abcdef8.cloudfront.net/cam-01/720p.m3u8?token=REDACTED'",
		}},
		URL:     "https://monitor.example.com/#incident=20261128T194210Z-edge",
		Runbook: "https://monitor.example.com/checks/upd.stale",
	}
	for i := range 28 {
		in.Streams = append(in.Streams, fmt.Sprintf("cam-%02d", i+1))
	}
	return in
}

// life is what is told of the outage, in order.
func life() []Message {
	in := outage()
	opened := Message{Kind: Opened, Incident: in, At: in.Opened.Add(5 * time.Second)}
	opened.Subject = opened.Headline()
	next := func(kind Kind, after time.Duration, change func(m *Message)) Message {
		m := Message{Kind: kind, Incident: in, At: in.Began.Add(after), Subject: opened.Subject}
		change(&m)
		in = m.Incident
		return m
	}
	return []Message{
		opened,
		next(Updated, 70*time.Second, func(m *Message) {
			m.Incident.State, m.Incident.Blame, m.Incident.Scope, m.Incident.Host = probe.Updated, probe.BlameOrigin, probe.ScopeOrigin, "live.example.com:8080"
			m.Incident.Because = "the origin answers 503 to the edge and to us"
			was, now := outage(), m.Incident
			claim := was.Claim()
			m.Changed = claim.Changes(now.Claim())
		}),
		next(Repeated, 4*time.Hour+70*time.Second, func(*Message) {}),
		next(Acknowledged, 4*time.Hour+3*time.Minute, acknowledge),
		next(Closed, 4*time.Hour+610*time.Second, func(m *Message) {
			m.Incident.State, m.Incident.Closed = probe.Closed, new(m.At)
		}),
	}
}

// all are receivers of every format.
func all() []Receiver {
	return []Receiver{
		{Name: "webhook-1", Format: JSON, URL: "https://hooks.example.com/streamwatch"},
		{Name: "webhook-2", Format: CloudEvents, URL: "https://hooks.example.com/events"},
		{Name: "webhook-3", Format: Slack, URL: "https://hooks.slack.com/services/T000/B000/XXXX"},
		{Name: "webhook-4", Format: Teams, URL: "https://prod-00.westeurope.logic.azure.com/workflows/0/triggers/manual/paths/invoke"},
		{Name: "pagerduty-1", Format: PagerDuty, Key: strings.Repeat("0", 32)},
		{Name: "opsgenie-1", Format: Opsgenie, Key: "00000000-0000-0000-0000-000000000000"},
		{Name: "email-1", Format: Mail, SMTP: SMTP{Host: "smtp.example.com", Port: 587, From: "streamwatch@example.com", To: []string{"oncall@example.com"}}},
	}
}

// What each receiver is sent of one incident, from its opening to its end. Read
// it as somebody who was asleep.
func TestGoldenFormats(t *testing.T) {
	for _, r := range all() {
		t.Run(string(r.Format), func(t *testing.T) {
			var got strings.Builder
			for _, m := range life() {
				requests, err := r.Requests(&m)
				if err != nil {
					t.Fatal(err)
				}
				for i := range requests {
					text, err := requests[i].Text()
					if err != nil {
						t.Fatal(err)
					}
					if requests[i].Mail != nil {
						text = sorted(text)
					}
					fmt.Fprintf(&got, "# %s\n%s\n\n", m.Kind, text)
				}
			}
			golden(t, string(r.Format)+".txt", got.String())
		})
	}
}

// sorted sorts the fields of a mail's head: a map has no order.
func sorted(mail string) string {
	head, body, _ := strings.Cut(mail, "\n\n")
	fields := strings.Split(strings.ReplaceAll(head, "\n ", "\x00"), "\n")
	slices.Sort(fields)
	return strings.ReplaceAll(strings.Join(fields, "\n"), "\x00", "\n ") + "\n\n" + body
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what is sent; go test -update rewrites it. Got:\n%s", name, got)
	}
}

func acknowledge(m *Message) {
	m.Incident.Acknowledged = &probe.Acknowledgement{By: "ana", At: m.At, Note: "restarting the packager"}
}
