package notify

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const docPath = "../../../docs/notifications.md"

var sampleMark = regexp.MustCompile(`(?s)<!-- sample: (\w+) -->\n.*?<!-- end -->`)

// docs/notifications.md shows what arrives, drawn from what is sent.
func TestNotificationsDoc(t *testing.T) {
	text, err := os.ReadFile(docPath)
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	got := sampleMark.ReplaceAllStringFunc(string(text), func(block string) string {
		name := sampleMark.FindStringSubmatch(block)[1]
		shown = append(shown, name)
		return "<!-- sample: " + name + " -->\n```\n" + drawn(t, Format(name)) + "```\n<!-- end -->"
	})
	if want := []string{"slack", "teams", "pagerduty", "opsgenie", "email", "cloudevents"}; !slices.Equal(shown, want) {
		t.Errorf("it shows %v, want %v", shown, want)
	}
	if *update {
		if err := os.WriteFile(docPath, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if got != string(text) {
		t.Error("the samples are not what is sent; go test -update draws them again")
	}
}

// drawn is what a receiver shows: of Slack the whole life of an incident, of the
// others its opening.
func drawn(t *testing.T, f Format) string {
	t.Helper()
	all := all()
	r := &all[slices.IndexFunc(all, func(r Receiver) bool { return r.Format == f })]
	var b strings.Builder
	for i, m := range life() {
		if i > 0 && f != Slack {
			break
		}
		requests, err := r.Requests(&m)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(drawing(t, f, &m, &requests[0]))
	}
	return b.String()
}

func drawing(t *testing.T, f Format, m *Message, r *Request) string {
	t.Helper()
	read := func(into any) {
		if err := json.Unmarshal(r.Body, into); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	switch f {
	case Slack:
		var s slackMessage
		read(&s)
		wrapped(&b, "", plainMrkdwn(s.Text))
		for _, block := range s.Attachments[0].Blocks {
			text := block.Elements
			if block.Text != nil {
				text = append(text, *block.Text)
			}
			wrapped(&b, "┃ ", plainMrkdwn(text[0].Text))
		}
	case Teams:
		var s teamsMessage
		read(&s)
		for _, block := range s.Attachments[0].Content.Body {
			var line strings.Builder
			for _, run := range block.Inlines {
				line.WriteString(run.Text)
			}
			wrapped(&b, "│ ", line.String())
		}
		for _, a := range s.Attachments[0].Content.Actions {
			b.WriteString("│ [ " + a.Title + " ]\n")
		}
	case PagerDuty:
		var s pagerdutyEvent
		read(&s)
		wrapped(&b, "", s.Payload.Summary)
		b.WriteString("severity " + s.Payload.Severity + " · dedup key " + s.DedupKey + "\n")
		for _, f := range m.facts() {
			wrapped(&b, "  ", f.Name+": "+s.Payload.Details[f.Name])
		}
		for _, l := range s.Links {
			b.WriteString("[ " + l.Text + " ]\n")
		}
	case Opsgenie:
		var s opsgenieAlert
		read(&s)
		wrapped(&b, "", s.Priority+"  "+s.Message)
		b.WriteString(strings.Join(s.Tags, " · ") + "\n")
		_, below, _ := strings.Cut(s.Description, "\n\n")
		wrapped(&b, "  ", below)
	case Mail:
		head := r.Mail.GetGenHeader("Subject")
		fmt.Fprintf(&b, "From: %s\nTo: %s\n", r.Mail.GetFromString()[0], r.Mail.GetToString()[0])
		wrapped(&b, "", "Subject: "+head[0])
		b.WriteString("\n")
		wrapped(&b, "", m.text())
	default:
		text, err := r.Text()
		if err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(text, `  "data": {`)
		b.WriteString(before + "  \"data\": {…}\n}\n")
	}
	return b.String()
}

var slackLink = regexp.MustCompile(`<[^|>]*\|([^>]*)>`)

func plainMrkdwn(text string) string {
	marks := strings.NewReplacer("```", "", "*", "", "&amp;", "&", "&lt;", "<", "&gt;", ">")
	return marks.Replace(slackLink.ReplaceAllString(text, "[$1]"))
}

// wrapped writes lines of at most a hundred characters, where there are spaces.
func wrapped(b *strings.Builder, prefix, text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		at := 0
		for i, word := range strings.Split(line, " ") {
			n := utf8.RuneCountInString(word)
			switch {
			case i == 0:
				b.WriteString(prefix)
			case at+1+n > 100:
				b.WriteString("\n" + prefix)
				at = 0
			default:
				b.WriteString(" ")
				at++
			}
			b.WriteString(word)
			at += n
		}
		b.WriteString("\n")
	}
}
