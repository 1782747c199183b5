package notify

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
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
		Because: "the origin is fresh for the same content, and 27 other streams on d111111abcdef8.cloudfront.net " +
			"are stale too",
		Scope: probe.ScopeEdge, Host: "d111111abcdef8.cloudfront.net", Event: "autumn-concert", Stream: "cam-01",
		Side: probe.Edge, Summary: "playlist stopped moving",
		Detail: "no new segment for 21 s (limit 18 s); origin advanced 3 segments meanwhile",
		Began:  began, Opened: began.Add(5 * time.Second), Count: 1, Spec: "RFC 8216bis §6.2.1",
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
			m.Incident.State, m.Incident.Blame = probe.Updated, probe.BlameOrigin
			m.Incident.Scope, m.Incident.Host = probe.ScopeOrigin, "live.example.com:8080"
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
		{Name: "webhook-4", Format: Teams, URL: "https://prod-00.westeurope.logic.azure.com/workflows/0/invoke"},
		{Name: "pagerduty-1", Format: PagerDuty, Key: strings.Repeat("0", 32)},
		{Name: "opsgenie-1", Format: Opsgenie, Key: "00000000-0000-0000-0000-000000000000"},
		{Name: "email-1", Format: Mail, SMTP: SMTP{
			Host: "smtp.example.com", Port: 587, From: "streamwatch@example.com", To: []string{"oncall@example.com"},
		}},
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

// hostile is a life with names and texts of somebody who means harm.
func hostile() []Message {
	list := life()
	for i := range list {
		in := &list[i].Incident
		in.Detail, in.Because = strings.Repeat("😀<!channel>\n", 3000), strings.Repeat("😀\"\\\u2028\x01", 2000)
		in.Rendition, in.Renditions = "<!here>|*_`\r\n\xff", slices.Repeat([]string{strings.Repeat("ü", 300) + "\x00"}, 40)
		in.Evidence[0].Curl = "curl 'https://x/```<!channel>" + strings.Repeat("y", 9000) + "'"
		in.Host, in.Summary = strings.Repeat("h", 253), strings.Repeat("😀\r\nBcc: a@example.com\r\n", 500)
		for j := range in.Streams {
			in.Streams[j] = strings.Repeat("s", 63)
		}
		list[i].Changed = strings.Repeat("😀", 5000)
		list[i].Subject = strings.Repeat("ß\r\nBcc: a@example.com\r\n\r\n", 3000)
	}
	return list
}

func TestDoubles(t *testing.T) {
	test := Samples(Sample("e", "main")[0])
	for name, messages := range map[string][]Message{"a night": life(), "hostile": hostile(), "a test": test} {
		pd, og := &pagerdutyDouble{map[string][]string{}}, &opsgenieDouble{map[string][]string{}}
		doubles := map[Format]http.Handler{
			PagerDuty: pd, Opsgenie: og, Slack: http.HandlerFunc(slackHook), Teams: http.HandlerFunc(teamsHook),
			CloudEvents: http.HandlerFunc(eventsHook),
		}
		for _, r := range all() {
			if doubles[r.Format] == nil {
				continue
			}
			for _, m := range messages {
				if said, err := Try(t.Context(), &r, &m, handled(doubles[r.Format])); err != nil {
					t.Errorf("%s: %s of %s: %v: %s", name, r.Format, m.Kind, err, said)
				}
			}
		}
		id := messages[0].Incident.ID
		for service, got := range map[string][]string{"pagerduty": pd.alerts[id], "opsgenie": og.alerts[id]} {
			want := map[string]string{
				"pagerduty": "trigger trigger trigger acknowledge resolve",
				"opsgenie":  "create message priority notes create acknowledge close",
			}[service]
			if name == "a test" {
				want = map[string]string{"pagerduty": "trigger resolve", "opsgenie": "create close"}[service]
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %s did %v, want %s", name, service, got, want)
			}
		}
	}
}

// The address of a service may be its host alone, as its docs name it.
func TestServiceAddresses(t *testing.T) {
	for _, c := range []struct {
		format      Format
		given, want string
	}{
		{PagerDuty, "", "https://events.pagerduty.com/v2/enqueue"},
		{PagerDuty, "https://events.eu.pagerduty.com", "https://events.eu.pagerduty.com/v2/enqueue"},
		{PagerDuty, "https://events.eu.pagerduty.com/v2/enqueue", "https://events.eu.pagerduty.com/v2/enqueue"},
		{Opsgenie, "", "https://api.opsgenie.com/v2/alerts"},
		{Opsgenie, "https://api.eu.opsgenie.com/", "https://api.eu.opsgenie.com/v2/alerts"},
		{Opsgenie, "https://api.eu.opsgenie.com/v2/alerts", "https://api.eu.opsgenie.com/v2/alerts"},
		{
			Opsgenie, "https://api.atlassian.com/jsm/ops/integration",
			"https://api.atlassian.com/jsm/ops/integration/v2/alerts",
		},
	} {
		r := Receiver{Format: c.format, URL: c.given}
		if list, err := r.Requests(&life()[0]); err != nil || list[0].URL != c.want {
			t.Errorf("%q is %v, %v, want %s", c.given, list, err, c.want)
		}
	}
}

// handled answers requests by a handler.
func handled(h http.Handler) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	}
}

// What a person reads says what it must, in each format and at each moment.
func TestEveryMessageSaysEnough(t *testing.T) {
	for _, r := range all() {
		for _, m := range life() {
			requests, err := r.Requests(&m)
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for i := range requests {
				if requests[i].Mail != nil {
					text.WriteString(m.text()) // its parts are encoded
					continue
				}
				text.Write(requests[i].Body)
			}
			want := []string{"20261128T194210Z-edge"}
			if m.Kind == Opened || m.Kind == Repeated {
				want = append(want, "playlist stopped moving", "because", "cam-01", "curl -sS", "2026-11-28",
					"https://monitor.example.com/#incident=", "https://monitor.example.com/checks/upd.stale")
			}
			for _, w := range want {
				if !strings.Contains(text.String(), w) {
					t.Errorf("%s of %s does not say %q", r.Format, m.Kind, w)
				}
			}
		}
	}
}
