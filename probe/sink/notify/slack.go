package notify

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// Limits of Slack, in characters.
const (
	slackSection = 3000
	slackContext = 2000
)

// slackMessage is what an incoming webhook of Slack takes.
type slackMessage struct {
	Text        string            `json:"text"` // all that a phone's notification shows
	Attachments []slackAttachment `json:"attachments"`
}

// slackAttachment is what stands beside a bar of colour.
type slackAttachment struct {
	Color    string       `json:"color"`
	Fallback string       `json:"fallback"`
	Blocks   []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type     string      `json:"type"`
	Text     *slackText  `json:"text,omitempty"`
	Elements []slackText `json:"elements,omitempty"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// slack says the headline as text, which notifications and other takers of the
// format show, and the facts beside a bar of colour.
func slack(m *Message) slackMessage {
	head := slackEscaped(m.Headline())
	a := slackAttachment{Color: color(m), Fallback: head}
	var lines, links []string
	for _, f := range m.besides() {
		text := slackEscaped(f.Text)
		if f.Code {
			text = "\n```" + strings.ReplaceAll(text, "`", "'") + "```"
		}
		lines = append(lines, "*"+f.Name+":* "+text)
	}
	for _, l := range m.links() {
		links = append(links, "<"+slackEscaped(strings.ReplaceAll(l.Text, "|", "%7C"))+"|"+l.Name+">")
	}
	if len(links) > 0 {
		lines = append(lines, strings.Join(links, "  ·  "))
	}
	for _, text := range chunks(lines, slackSection) {
		a.Blocks = append(a.Blocks, slackBlock{Type: "section", Text: &slackText{"mrkdwn", text}})
	}
	foot := clip(slackEscaped(m.Incident.Event+" · "+m.Incident.ID), slackContext)
	a.Blocks = append(a.Blocks, slackBlock{Type: "context", Elements: []slackText{{"mrkdwn", foot}}})
	return slackMessage{Text: head, Attachments: []slackAttachment{a}}
}

// chunks joins lines into as few texts as there is room for.
func chunks(lines []string, most int) (list []string) {
	for _, line := range lines {
		line = clip(line, most)
		if n := len(list); n > 0 && len([]rune(list[n-1]))+1+len([]rune(line)) <= most {
			list[n-1] += "\n" + line
			continue
		}
		list = append(list, line)
	}
	return list
}

// color marks how bad it is. It says nothing that the headline does not.
func color(m *Message) string {
	switch {
	case m.Kind == Closed && m.Incident.ClosedBecause != "":
		return "#546e7a" // no recovery
	case m.Kind == Closed:
		return "#2e7d32"
	}
	switch m.Incident.Severity {
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

// slackEscaped keeps names from playlists from being links or mentions. What is
// left, such as an asterisk, can make a word bold at worst.
func slackEscaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
