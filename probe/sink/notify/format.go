package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// body is the message in the webhook's format.
func (h *hook) body(m *message) ([]byte, error) {
	if h.Format == Slack {
		return json.Marshal(slack(m))
	}
	return json.Marshal(&m.incident)
}

// slackMessage is what an incoming webhook of Slack takes.
type slackMessage struct {
	Text        string            `json:"text"` // of the notification
	Attachments []slackAttachment `json:"attachments"`
}

type slackAttachment struct {
	Color  string `json:"color"`
	Title  string `json:"title"`
	Link   string `json:"title_link,omitempty"` // its place on the page
	Text   string `json:"text"`
	Footer string `json:"footer"`
	TS     int64  `json:"ts"`
}

// maxText is how much of a detail is shown, in bytes.
const maxText = 1000

// slack says in the notification what broke, how far and whose fault it is; the
// attachment says what proves that.
func slack(m *message) slackMessage {
	in := &m.incident
	head, paint, at := strings.ToUpper(in.Severity.String()), color(in.Severity), in.Opened
	switch {
	case in.Open():
		if in.State == probe.Updated {
			head = "UPDATED, now " + head
		}
	default:
		head, paint = "CLOSED", "#2e7d32"
		if in.Closed != nil {
			at = *in.Closed
			head += " after " + at.Sub(in.Began).Round(time.Second).String()
		}
	}
	var lines []string
	if m.changed != "" {
		lines = append(lines, "Changed: "+m.changed)
	}
	lines = append(lines, in.Detail, "Blame: "+in.Blame.Who())
	if in.Because != "" {
		lines = append(lines, "Because: "+in.Because)
	}
	since := "Since " + in.Began.UTC().Format("2006-01-02 15:04:05 UTC")
	if in.Count > 1 {
		since += fmt.Sprintf(", came %d times", in.Count)
	}
	lines = append(lines, since)
	if in.Runbook != "" {
		lines = append(lines, "Runbook: "+in.Runbook)
	}
	body := slackAttachment{Color: paint, Footer: escaped(in.Check + " " + in.ID), TS: at.Unix(), Title: escaped(in.Where()), Link: in.URL}
	for i := range lines {
		lines[i] = escaped(lines[i])
	}
	body.Text = strings.TrimSpace(strings.Join(lines, "\n"))
	return slackMessage{
		Text:        escaped(fmt.Sprintf("%s %s: %s on %s, blame %s", head, in.Event, in.Summary, in.Where(), in.Blame)),
		Attachments: []slackAttachment{body},
	}
}

func color(s probe.Severity) string {
	switch s {
	case probe.Critical:
		return "#c62828"
	case probe.Error:
		return "#ef6c00"
	case probe.Warning:
		return "#f9a825"
	default:
		return "#546e7a"
	}
}

// escaped keeps names from playlists from being links or mentions.
func escaped(text string) string {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
