package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// body is the message in the webhook's format.
func (h *hook) body(in *probe.Incident) ([]byte, error) {
	if h.Format == Slack {
		return json.Marshal(slack(in))
	}
	return json.Marshal(in)
}

// slackMessage is what an incoming webhook of Slack takes.
type slackMessage struct {
	Text        string            `json:"text"` // of the notification
	Attachments []slackAttachment `json:"attachments"`
}

type slackAttachment struct {
	Color  string `json:"color"`
	Text   string `json:"text"`
	Footer string `json:"footer"`
	TS     int64  `json:"ts"`
}

// maxText is how much of a detail is shown, in bytes.
const maxText = 1000

func slack(in *probe.Incident) slackMessage {
	where := strings.Join(strings.Fields(in.Stream+" "+in.Rendition+" "+in.Side.String()), " ")
	head, paint, at := strings.ToUpper(in.Severity.String()), color(in.Severity), in.Opened
	if in.State == probe.Closed {
		head, paint = "CLOSED", "#2e7d32"
		if in.Closed != nil {
			at = *in.Closed
			head += " after " + at.Sub(in.Began).Round(time.Second).String()
		}
	}
	return slackMessage{
		Text: escaped(fmt.Sprintf("%s %s: %s on %s, blame %s", head, in.Event, in.Summary, where, in.Blame)),
		Attachments: []slackAttachment{{
			Color: paint, Text: escaped(in.Detail), Footer: escaped(in.Check + " " + in.ID), TS: at.Unix(),
		}},
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
