package notify

import "github.com/streamwatch/streamwatch/probe"

// teamsMessage is what a webhook of Workflows in Teams takes, 28 KB at most: a
// message with one Adaptive Card. Version 1.2 is what Teams shows on every device.
type teamsMessage struct {
	Type        string            `json:"type"`
	Attachments []teamsAttachment `json:"attachments"`
}

type teamsAttachment struct {
	ContentType string    `json:"contentType"`
	ContentURL  *string   `json:"contentUrl"`
	Content     teamsCard `json:"content"`
}

type teamsCard struct {
	Schema   string        `json:"$schema"`
	Type     string        `json:"type"`
	Version  string        `json:"version"`
	Fallback string        `json:"fallbackText"`
	MSTeams  teamsLayout   `json:"msteams"`
	Body     []teamsBlock  `json:"body"`
	Actions  []teamsAction `json:"actions,omitempty"`
}

type teamsLayout struct {
	Width string `json:"width"`
}

// teamsBlock is a RichTextBlock: unlike a TextBlock it takes no Markdown, so no
// name from a playlist can be a link or a mention.
type teamsBlock struct {
	Type    string     `json:"type"`
	Inlines []teamsRun `json:"inlines"`
	Spacing string     `json:"spacing,omitempty"`
}

type teamsRun struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Weight string `json:"weight,omitempty"`
	Size   string `json:"size,omitempty"`
	Color  string `json:"color,omitempty"`
	Font   string `json:"fontType,omitempty"`
	Subtle bool   `json:"isSubtle,omitempty"`
}

type teamsAction struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

// teamsText keeps a card of the longest texts below 28 KB, in characters.
const teamsText = 500

// teams says the headline, in colour, and the facts below it.
func teams(m *Message) teamsMessage {
	card := teamsCard{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.2",
		Fallback: clip(m.Headline(), teamsText), MSTeams: teamsLayout{"Full"},
	}
	run := func(text string) teamsRun { return teamsRun{Type: "TextRun", Text: text} }
	head := run(clip(m.Headline(), teamsText))
	head.Weight, head.Size, head.Color = "Bolder", "Medium", teamsColor(m)
	card.Body = append(card.Body, teamsBlock{Type: "RichTextBlock", Inlines: []teamsRun{head}})
	for _, f := range m.besides() {
		name, text := run(f.Name+": "), run(clip(f.Text, teamsText))
		name.Weight = "Bolder"
		if f.Code {
			text.Font = "Monospace"
		}
		card.Body = append(card.Body, teamsBlock{"RichTextBlock", []teamsRun{name, text}, "Small"})
	}
	foot := run(m.Incident.Event + " · " + m.Incident.ID)
	foot.Size, foot.Subtle = "Small", true
	card.Body = append(card.Body, teamsBlock{"RichTextBlock", []teamsRun{foot}, "Small"})
	for _, l := range m.links() {
		card.Actions = append(card.Actions, teamsAction{"Action.OpenUrl", l.Name, l.Text})
	}
	one := teamsAttachment{ContentType: "application/vnd.microsoft.card.adaptive", Content: card}
	return teamsMessage{"message", []teamsAttachment{one}}
}

func teamsColor(m *Message) string {
	switch {
	case m.Kind == Closed && m.Incident.ClosedBecause != "":
		return "Default" // no recovery
	case m.Kind == Closed:
		return "Good"
	case m.Incident.Severity >= probe.Error:
		return "Attention"
	default:
		return "Warning"
	}
}
