package notify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Kind is what a message is about.
type Kind string

// Kinds of messages, in the order of an incident's life.
const (
	Opened       Kind = "opened"
	Updated      Kind = "updated"      // it claims something else than was told
	Acknowledged Kind = "acknowledged" // somebody is on it
	Repeated     Kind = "repeated"     // it is still open and nobody is on it
	Closed       Kind = "closed"
)

// Message is an incident as it is to be told. Its JSON form is what waits on
// disk.
type Message struct {
	Kind     Kind           `json:"kind"`
	Incident probe.Incident `json:"incident"`
	At       time.Time      `json:"at"`                // when it was due
	Changed  string         `json:"changed,omitempty"` // of an update: what is claimed otherwise than was told
	Subject  string         `json:"subject"`           // the first line of the opening, by which mail threads
	Test     bool           `json:"test,omitempty"`    // nothing happened
}

// ID tells the message from every other. It stays the same when the message is
// sent again, so that a receiver can drop the second one.
func (m *Message) ID() string {
	return fmt.Sprintf("%s-%s-%d", m.Incident.ID, m.Kind, m.At.UnixMilli())
}

// verdict says in a word how viewers fare while the incident is open. Critical is
// what leaves nothing to play; our own path is blind, not bad.
func verdict(in *probe.Incident) string {
	switch {
	case in.Severity >= probe.Critical:
		return "DOWN"
	case in.Severity == probe.Error:
		return "DEGRADED"
	case in.Blame == probe.BlamePath:
		return "BLIND"
	default:
		return "WARNING"
	}
}

// Headline says in one line what a phone shows of a notification: how bad it is,
// who is hit, whose fault it is, and what broke where. What matters most comes
// first: a list of mails shows forty characters of it.
func (m *Message) Headline() string {
	in := &m.Incident
	head := verdict(in)
	switch m.Kind {
	case Updated:
		head = "UPDATE, now " + head
	case Repeated:
		head = "STILL " + head + " after " + span(m.At.Sub(in.Began))
	case Acknowledged:
		head = "ACKNOWLEDGED" + prefixed(" by ", acknowledgement(in).By)
	case Closed:
		head = "CLOSED" + closedBecause(in) + " after " + span(m.lasted())
	case Opened:
	}
	if m.Test {
		head = "TEST, nothing happened: " + head
	}
	what := in.Summary + place(in)
	return oneLine(fmt.Sprintf("%s: %s, blame %s: %s (%s)", head, whom(in), in.Blame.Who(), what, in.Event))
}

// closedBecause says why an incident closed whose fault nobody saw end.
func closedBecause(in *probe.Incident) string {
	if in.ClosedBecause == "" {
		return ""
	}
	return ", " + in.ClosedBecause + ","
}

// whom says in a few words who is hit.
func whom(in *probe.Incident) string {
	who := in.Stream
	switch n := len(in.Streams); {
	case n > 3:
		who = fmt.Sprintf("%d streams", n)
	case n > 1:
		who = strings.Join(in.Streams, ", ")
	case in.Scope == probe.ScopeRendition:
		who += prefixed(" ", renditions(in))
	}
	if in.Scope == probe.ScopeEvent {
		return "the whole event" + prefixed(", ", who)
	}
	return who
}

// place says in a few words where it broke.
func place(in *probe.Incident) string {
	if in.Edge != "" {
		return "" // the summary names it
	}
	if in.Host != "" && (in.Scope == probe.ScopeEdge || in.Scope == probe.ScopeOrigin) {
		return " on the " + string(in.Scope) + " host " + in.Host
	}
	return prefixed(" at the ", in.Side.String())
}

// lasted is how long the incident was, or has been, there.
func (m *Message) lasted() time.Duration {
	if m.Incident.Closed != nil {
		return m.Incident.Closed.Sub(m.Incident.Began)
	}
	return m.At.Sub(m.Incident.Began)
}

// fact is one thing that a message says, under a name. One that is code is for a
// shell and shown as it is.
type fact struct {
	Name, Text string
	Code       bool
}

// facts are what a message says below its headline. An opening has all that one
// needs to act; the others say what is new, and that without a scroll.
func (m *Message) facts() []fact {
	in := &m.Incident
	list := []fact{{Name: "Changed", Text: m.Changed}, {Name: "Why", Text: m.why()}, {Name: "Note", Text: m.note()}}
	if m.Kind != Acknowledged && m.Kind != Closed {
		list = append(list,
			fact{Name: "Detail", Text: in.Detail},
			fact{Name: "Blame", Text: in.Blame.Who() + prefixed(", because ", in.Because)})
	}
	list = append(list, fact{Name: "Hit", Text: hit(in)}, fact{Name: "Since", Text: m.since()})
	if m.Kind == Opened || m.Kind == Repeated {
		list = append(list, fact{Name: "Check", Text: in.Check + prefixed(", ", in.Spec)})
	}
	list = append(list, fact{Name: "Incident", Text: in.URL}, fact{Name: "Runbook", Text: in.Runbook})
	if n := len(in.Evidence); n > 0 && m.Kind != Acknowledged && m.Kind != Closed {
		list = append(list, fact{"Try", in.Evidence[0].Curl, true})
	}
	said := list[:0]
	for _, f := range list {
		if f.Text != "" {
			f.Text = clip(oneLine(f.Text), maxText)
			said = append(said, f)
		}
	}
	return said
}

// why says of an incident that closed although nobody saw the fault end that it
// is no recovery.
func (m *Message) why() string {
	if m.Kind != Closed || m.Incident.ClosedBecause == "" {
		return ""
	}
	return m.Incident.ClosedBecause + "; nobody saw the fault end"
}

// note is what somebody said who took the incident.
func (m *Message) note() string {
	a := acknowledgement(&m.Incident)
	if m.Kind == Acknowledged || a.By == "" {
		return a.Note
	}
	return a.String()
}

// acknowledgement returns who is on an incident, empty where nobody is.
func acknowledgement(in *probe.Incident) probe.Acknowledgement {
	if in.Acknowledged == nil {
		return probe.Acknowledgement{}
	}
	return *in.Acknowledged
}

// since says when it began and how long it has been there.
func (m *Message) since() string {
	const layout = "2006-01-02 15:04:05 UTC"
	in := &m.Incident
	text := in.Began.UTC().Format(layout)
	if in.Closed != nil {
		text += " until " + in.Closed.UTC().Format("15:04:05 UTC")
	}
	text += " (" + span(m.lasted()) + ")"
	if in.Count > 1 {
		text += fmt.Sprintf(", came %d times", in.Count)
	}
	return text
}

// named is how many streams a message names before it only counts them.
const named = 5

// hit says which streams are or were affected.
func hit(in *probe.Incident) string {
	streams := in.Streams
	switch n := len(streams); {
	case n == 0:
		return in.Stream
	case n == 1:
		return "stream " + streams[0] + prefixed(" ", renditions(in))
	case n <= named:
		return fmt.Sprintf("%d streams: %s", n, strings.Join(streams, ", "))
	default:
		return fmt.Sprintf("%d streams: %s and %d more", n, strings.Join(streams[:named], ", "), n-named)
	}
}

func renditions(in *probe.Incident) string {
	if len(in.Renditions) > named {
		return fmt.Sprintf("%s and %d more", strings.Join(in.Renditions[:named], ", "), len(in.Renditions)-named)
	}
	return cmp.Or(strings.Join(in.Renditions, ", "), in.Rendition)
}

// links are the addresses of a message that a browser can open.
func (m *Message) links() (list []fact) {
	in := &m.Incident
	for _, l := range []fact{{Name: "Open the incident", Text: in.URL}, {Name: "Runbook", Text: in.Runbook}} {
		if strings.HasPrefix(l.Text, "http://") || strings.HasPrefix(l.Text, "https://") {
			list = append(list, l)
		}
	}
	return list
}

// besides are the facts that are no links.
func (m *Message) besides() []fact {
	links := m.links()
	return slices.DeleteFunc(m.facts(), func(f fact) bool {
		return slices.ContainsFunc(links, func(l fact) bool { return l.Text == f.Text })
	})
}

// text is the message in plain words, line by line.
func (m *Message) text() string {
	var b strings.Builder
	b.WriteString(m.Headline() + "\n\n")
	for _, f := range m.facts() {
		b.WriteString(f.Name + ": " + f.Text + "\n")
	}
	return b.String()
}
