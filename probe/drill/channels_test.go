package drill_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
)

// channel is a service that people read: a double that takes what comes and
// remembers when.
type channel struct {
	name   string
	read   func(r *http.Request, body []byte) string // what a message is about: "10:01:07 opened upd.stale"
	counts bool                                      // the second word is a kind, which docs/rehearsal.md counts

	mu   sync.Mutex
	told []string
}

func (c *channel) take(r *http.Request, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, c.read(r, body))
}

// channels are asked by their host.
type channels map[string]*channel

// RoundTrip takes a message.
func (c channels) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	ch := c[r.URL.Host]
	ch.take(r, body)
	answer, status := "ok", http.StatusOK
	if ch.name == "PagerDuty" || ch.name == "Opsgenie" {
		answer, status = `{"status":"success","message":"Event processed","dedup_key":"x",`+
			`"result":"Request will be processed","requestId":"r"}`, http.StatusAccepted
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(strings.NewReader(answer)), Request: r,
		Header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}

// doubles are the services of the rehearsal.
func doubles(clock func() string) (hook *channel, others []*channel) {
	says := func(text string) string { return clock() + " " + first(text) }
	hook = &channel{name: "webhook, json", counts: true, read: func(r *http.Request, body []byte) string {
		return clock() + " " + r.Header.Get("X-Streamwatch-Event") + " " + field(body, "id") + " " + field(body, "check")
	}}
	return hook, []*channel{
		{name: "PagerDuty", counts: true, read: func(_ *http.Request, body []byte) string {
			return clock() + " " + field(body, "event_action") + " " + field(body, "dedup_key")
		}},
		{name: "Opsgenie", counts: true, read: func(r *http.Request, body []byte) string {
			switch what := path.Base(r.URL.Path); what {
			case "alerts":
				return clock() + " create " + field(body, "alias") + " " + field(body, "priority")
			case "message", "priority":
				return clock() + " " + what + " " + field(body, what)
			default:
				return clock() + " " + what + " " + path.Base(path.Dir(r.URL.Path))
			}
		}},
		{name: "Slack", read: func(_ *http.Request, body []byte) string { return says(field(body, "text")) }},
		{name: "Teams", read: func(_ *http.Request, body []byte) string {
			var m struct {
				Attachments []struct{ Content json.RawMessage }
			}
			if err := json.Unmarshal(body, &m); err != nil || len(m.Attachments) != 1 {
				return fmt.Sprint("no card: ", err)
			}
			return says(field(m.Attachments[0].Content, "fallbackText"))
		}},
		{name: "e-mail", read: func(_ *http.Request, body []byte) string { return says(headline(body)) }},
	}
}

// tellers are the senders to them.
func tellers(hook *channel, others []*channel) (sinks []probe.Sink, feeds []func(context.Context)) {
	pager, genie, slack, teams, post := others[0], others[1], others[2], others[3], others[4]
	service := channels{
		"hook.test": hook, "pagerduty.test": pager, "opsgenie.test": genie, "slack.test": slack, "teams.test": teams,
	}
	for _, to := range []notify.Receiver{
		{Name: "webhook-1", Format: notify.JSON, URL: "http://hook.test/"},
		{Name: "pagerduty-1", Format: notify.PagerDuty, URL: "http://pagerduty.test/v2/enqueue", Key: "key"},
		{Name: "opsgenie-1", Format: notify.Opsgenie, URL: "http://opsgenie.test", Key: "key"},
		{Name: "webhook-2", Format: notify.Slack, URL: "http://slack.test/"},
		{Name: "webhook-3", Format: notify.Teams, URL: "http://teams.test/"},
		{Name: "email-1", Format: notify.Mail, SMTP: notify.SMTP{
			Host: "mail.test", Port: 25, TLS: notify.NoTLS, From: "watch@example.com", To: []string{"oncall@example.com"},
		}},
	} {
		told := notify.New(notify.Options{
			Receiver: to, Wait: 5 * time.Second, Repeat: 4 * time.Hour, Transport: service, Dial: post.dial,
		})
		sinks = append(sinks, told)
		feeds = append(feeds, func(ctx context.Context) { _ = told.Run(ctx) })
	}
	return sinks, feeds
}

// dial connects to a mail server that takes what comes (RFC 5321).
func (c *channel) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() {
		defer ours.Close()
		lines := bufio.NewReader(ours)
		fmt.Fprint(ours, "220 mail.test\r\n")
		for {
			line, err := lines.ReadString('\n')
			switch verb := strings.ToUpper(line[:min(4, len(line))]); {
			case err != nil:
				return
			case verb == "DATA":
				fmt.Fprint(ours, "354 go on\r\n")
				var body strings.Builder
				for line, err = lines.ReadString('\n'); err == nil && line != ".\r\n"; line, err = lines.ReadString('\n') {
					body.WriteString(strings.TrimPrefix(line, "."))
				}
				c.take(nil, []byte(body.String()))
			case verb == "QUIT":
				fmt.Fprint(ours, "221 bye\r\n")
				return
			}
			fmt.Fprint(ours, "250 ok\r\n")
		}
	}()
	return theirs, nil
}

// headline is the first line of a mail's plain text.
func headline(text []byte) string {
	m, err := mail.ReadMessage(strings.NewReader(string(text)))
	if err != nil {
		return err.Error()
	}
	_, with, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return err.Error()
	}
	part, err := multipart.NewReader(m.Body, with["boundary"]).NextRawPart()
	if err != nil {
		return err.Error()
	}
	plain, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(string(plain), "\r\n", "\n")
}

// field reads a field of a JSON object, by its path.
func field(body []byte, path ...string) string {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err.Error()
	}
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return fmt.Sprint(v)
}
