package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/streamwatch/streamwatch/probe"
)

// The doubles hold what they are sent against what their vendors publish: fields
// that exist, lengths, words, and that what is closed was opened.

// strict decodes a body that may hold no other fields, and says whether it did.
func strict(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(r.Body)
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	switch {
	case err != nil:
	case !utf8.Valid(body):
		err = fmt.Errorf("not UTF-8")
	default:
		err = d.Decode(into)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

// wrong answers 400 with everything that is wrong, if anything is.
func wrong(w http.ResponseWriter, checks map[string]bool) bool {
	var list []string
	for what, bad := range checks {
		if bad {
			list = append(list, what)
		}
	}
	slices.Sort(list)
	if len(list) > 0 {
		http.Error(w, strings.Join(list, "; "), http.StatusBadRequest)
	}
	return len(list) > 0
}

func runes(s string) int { return utf8.RuneCountInString(s) }

func absolute(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// pagerdutyDouble is the Events API v2: developer.pagerduty.com, "Send an event".
type pagerdutyDouble struct{ alerts map[string][]string }

func (p *pagerdutyDouble) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e struct {
		RoutingKey string `json:"routing_key"`
		Action     string `json:"event_action"`
		DedupKey   string `json:"dedup_key"`
		Client     string `json:"client"`
		ClientURL  string `json:"client_url"`
		Payload    *struct {
			Summary, Source, Severity, Timestamp, Component, Group, Class string
			CustomDetails                                                 map[string]any `json:"custom_details"`
		} `json:"payload"`
		Links  []struct{ Href, Text string }
		Images []struct{ Src, Href, Alt string }
	}
	if !strict(w, r, &e) {
		return
	}
	checks := map[string]bool{
		"Length of 'routing_key' is incorrect (should be 32 characters)": len(e.RoutingKey) != 32,
		"method or path":    r.Method != http.MethodPost || r.URL.Path != "/v2/enqueue",
		"content type":      r.Header.Get("Content-Type") != "application/json",
		"event_action":      !slices.Contains([]string{"trigger", "acknowledge", "resolve"}, e.Action),
		"dedup_key":         e.DedupKey == "" || runes(e.DedupKey) > 255,
		"nothing to act on": e.Action != "trigger" && len(p.alerts[e.DedupKey]) == 0,
		"size":              r.ContentLength > 512<<10,
	}
	if p := e.Payload; e.Action == "trigger" && p != nil {
		_, err := time.Parse(time.RFC3339Nano, p.Timestamp)
		checks["summary"], checks["source"] = p.Summary == "" || runes(p.Summary) > 1024, p.Source == ""
		checks["severity"] = !slices.Contains([]string{"critical", "error", "warning", "info"}, p.Severity)
		checks["timestamp"] = err != nil
	} else {
		checks["payload"] = e.Action == "trigger"
	}
	for _, l := range e.Links {
		checks["link "+l.Href] = !absolute(l.Href)
	}
	if wrong(w, checks) {
		return
	}
	p.alerts[e.DedupKey] = append(p.alerts[e.DedupKey], e.Action)
	w.WriteHeader(http.StatusAccepted)
}

// opsgenieDouble is the Alert API v2: docs.opsgenie.com, "Alert API".
type opsgenieDouble struct{ alerts map[string][]string }

func (o *opsgenieDouble) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var b struct {
		Message, Alias, Description, Entity, Source, Priority, Note, User string
		Tags                                                              []string
		Details                                                           map[string]string
	}
	if !strict(w, r, &b) {
		return
	}
	details := 0
	for k, v := range b.Details {
		details += runes(k) + runes(v)
	}
	path, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/alerts"), "/")
	alias, action, _ := strings.Cut(rest, "/")
	create := path == "" && rest == ""
	known := map[string]string{
		"close": http.MethodPost, "acknowledge": http.MethodPost, "notes": http.MethodPost,
		"message": http.MethodPut, "priority": http.MethodPut,
	}
	long := func(tag string) bool { return tag == "" || runes(tag) > 50 }
	if wrong(w, map[string]bool{
		"key":           !strings.HasPrefix(r.Header.Get("Authorization"), "GenieKey "),
		"message":       runes(b.Message) > 130 || (create || action == "message") == (b.Message == ""),
		"alias":         runes(b.Alias) > 512 || create == (b.Alias == ""),
		"description":   runes(b.Description) > 15000,
		"entity":        runes(b.Entity) > 512,
		"source":        runes(b.Source) > 100,
		"note":          runes(b.Note) > 25000 || action == "notes" && b.Note == "",
		"priority":      b.Priority != "" && !slices.Contains([]string{"P1", "P2", "P3", "P4", "P5"}, b.Priority),
		"tags":          len(b.Tags) > 20 || slices.ContainsFunc(b.Tags, long),
		"details":       details > 8000,
		"method":        create && r.Method != http.MethodPost || !create && known[action] != r.Method,
		"identifier":    !create && r.URL.Query().Get("identifierType") != "alias",
		"no such alert": !create && len(o.alerts[alias]) == 0,
	}) {
		return
	}
	if create {
		alias, action = b.Alias, "create"
	}
	o.alerts[alias] = append(o.alerts[alias], action)
	w.WriteHeader(http.StatusAccepted)
}

// slackHook is an incoming webhook: api.slack.com, "Incoming webhooks" and
// "Block Kit".
func slackHook(w http.ResponseWriter, r *http.Request) {
	type text struct{ Type, Text string }
	var m struct {
		Text        string
		Attachments []struct {
			Color, Fallback string
			Blocks          []struct {
				Type     string
				Text     *text
				Elements []text
			}
		}
	}
	if !strict(w, r, &m) {
		return
	}
	checks := map[string]bool{
		"no_text": m.Text == "" || runes(m.Text) > 40000, "attachments": len(m.Attachments) > 100,
		"mention": strings.Contains(m.Text, "<!"),
	}
	for _, a := range m.Attachments {
		checks["blocks"] = len(a.Blocks) == 0 || len(a.Blocks) > 50
		for _, b := range a.Blocks {
			switch b.Type {
			case "section":
				checks["section"] = b.Text == nil || b.Text.Type != "mrkdwn" || b.Text.Text == "" || runes(b.Text.Text) > 3000
				checks["mention"] = checks["mention"] || b.Text != nil && strings.Contains(b.Text.Text, "<!")
			case "context":
				checks["context"] = len(b.Elements) == 0 || len(b.Elements) > 10 || runes(b.Elements[0].Text) > 2000
			default:
				checks["block "+b.Type] = true
			}
		}
	}
	if !wrong(w, checks) {
		_, _ = w.Write([]byte("ok"))
	}
}

// teamsHook is a flow that posts a card: learn.microsoft.com, "Create incoming
// webhooks with Workflows", and the schema of Adaptive Cards 1.2.
func teamsHook(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Type        string
		Attachments []struct {
			ContentType string
			ContentURL  *string
			Content     struct {
				Schema  string `json:"$schema"`
				Type    string
				Version string
				MSTeams struct{ Width string }
				Body    []struct {
					Type, Spacing string
					Inlines       []struct {
						Type, Text, Weight, Size, Color, FontType string
						IsSubtle                                  bool
					}
				}
				FallbackText string
				Actions      []struct{ Type, Title, URL string }
			}
		}
	}
	if !strict(w, r, &m) {
		return
	}
	checks := map[string]bool{
		"type": m.Type != "message", "attachments": len(m.Attachments) != 1, "28 KB": r.ContentLength > 28<<10,
	}
	in := func(word string, words ...string) bool { return word == "" || slices.Contains(words, word) }
	for _, a := range m.Attachments {
		c := a.Content
		checks["content type"] = a.ContentType != "application/vnd.microsoft.card.adaptive"
		checks["card"] = c.Type != "AdaptiveCard" || c.Version != "1.2"
		checks["body"], checks["actions"] = len(c.Body) == 0, len(c.Actions) > 6
		for _, b := range c.Body {
			checks["element "+b.Type] = b.Type != "RichTextBlock" || len(b.Inlines) == 0
			for _, t := range b.Inlines {
				checks["run"] = checks["run"] || t.Type != "TextRun" || t.Text == "" || !in(t.Size, "Small", "Medium") ||
					!in(t.Weight, "Bolder") || !in(t.Color, "Attention", "Warning", "Good") || !in(t.FontType, "Monospace")
			}
		}
		for _, o := range c.Actions {
			checks["action"] = o.Type != "Action.OpenUrl" || o.Title == "" || !absolute(o.URL)
		}
	}
	if !wrong(w, checks) {
		w.WriteHeader(http.StatusAccepted)
	}
}

// eventsHook takes CloudEvents 1.0 in the structured mode of its HTTP binding.
func eventsHook(w http.ResponseWriter, r *http.Request) {
	var e struct {
		SpecVersion, ID, Source, Type, Subject, Time, DataContentType string
		Data                                                          *probe.Incident
	}
	if !strict(w, r, &e) {
		return
	}
	_, noTime := time.Parse(time.RFC3339, e.Time)
	_, noURI := url.Parse(e.Source)
	if !wrong(w, map[string]bool{
		"content type": !strings.HasPrefix(r.Header.Get("Content-Type"), "application/cloudevents+json"),
		"specversion":  e.SpecVersion != "1.0",
		"id":           e.ID == "",
		"source":       e.Source == "" || noURI != nil,
		"type":         !strings.HasPrefix(e.Type, "io.streamwatch.incident."),
		"subject":      e.Subject == "",
		"time":         noTime != nil,
		"data":         e.DataContentType != "application/json" || e.Data == nil || e.Data.ID != e.Subject,
	}) {
		w.WriteHeader(http.StatusNoContent)
	}
}
