package notify

import (
	"fmt"
	"hash/fnv"
	"html/template"
	netmail "net/mail"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/streamwatch/streamwatch/probe"
)

// SMTP is a mail server and who writes to whom through it.
type SMTP struct {
	Host     string
	Port     int
	TLS      TLS
	Username string // "" does not log in
	Password string // secret
	From     string
	To       []string
}

// TLS says when a connection to a mail server is encrypted.
type TLS string

// Ways to encrypt.
const (
	StartTLS    TLS = "starttls" // after a greeting in the clear; refused where the server cannot
	ImplicitTLS TLS = "tls"      // from the first byte
	NoTLS       TLS = "none"
)

// mails are one mail for each address: one that the server refuses keeps none of
// the others from theirs. All mails of an incident have one subject and refer to
// the first one, so that they are one thread. The first one's id is made of the
// incident's: what is sent twice is shown once.
func (r *Receiver) mails(m *Message) ([]Request, error) {
	var page strings.Builder
	if err := mailPage.Execute(&page, mailData{m.Headline(), color(m), m.besides(), m.links()}); err != nil {
		return nil, fmt.Errorf("writing the mail: %w", err)
	}
	var list []Request
	for _, to := range r.SMTP.To {
		one, err := r.mail(m, to)
		if err != nil {
			return nil, err
		}
		one.SetBodyString(mail.TypeTextPlain, m.text())
		one.AddAlternativeString(mail.TypeTextHTML, page.String())
		list = append(list, Request{Mail: one, Method: "SMTP", URL: "smtp://" + r.SMTP.Host})
	}
	return list, nil
}

// mail is a mail without its text.
func (r *Receiver) mail(m *Message, to string) (*mail.Msg, error) {
	one := mail.NewMsg()
	if err := one.From(r.SMTP.From); err != nil {
		return nil, fmt.Errorf("writing the sender: %w", err)
	}
	if err := one.To(to); err != nil {
		return nil, fmt.Errorf("writing the recipient: %w", err)
	}
	in := &m.Incident
	domain := "streamwatch.invalid"
	if from, err := netmail.ParseAddress(r.SMTP.From); err == nil {
		_, domain, _ = strings.Cut(from.Address, "@")
	}
	first := in.ID + "." + in.Event + "@" + domain
	if m.Test {
		first = strconv.FormatInt(in.Opened.Unix(), 10) + "." + first // a test is not the test before
	}
	subject := clip(oneLine(m.Subject), mailSubject)
	if m.Kind == Opened {
		one.SetMessageIDWithValue(first)
	} else {
		subject = "Re: " + subject
		one.SetMessageIDWithValue(m.ID() + "." + in.Event + "@" + domain)
		one.SetGenHeaderPreformatted(mail.HeaderInReplyTo, "<"+first+">")
		one.SetGenHeaderPreformatted(mail.HeaderReferences, "<"+first+">")
	}
	one.Subject(subject)
	one.SetDateWithValue(m.At)
	one.SetUserAgent("streamwatch")
	one.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no holiday answers
	one.SetGenHeader(mail.HeaderXAutoResponseSuppress, "All")
	one.SetGenHeader("X-Streamwatch-Incident", in.ID)
	if m.Kind == Opened && in.Severity >= probe.Critical {
		one.SetImportance(mail.ImportanceHigh)
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(m.ID()))
	one.SetBoundary(fmt.Sprintf("streamwatch-%016x", sum.Sum64()))
	return one, nil
}

// mailSubject keeps a subject within what clients show, in characters.
const mailSubject = 200

type mailData struct {
	Head, Color string
	Facts       []fact
	Links       []fact
}

// mailPage has no image, no style sheet and nothing from elsewhere: it reads the
// same in every client.
var mailPage = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="en"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<body style="font:16px/1.45 system-ui,sans-serif;margin:0;padding:16px;max-width:42em">
<p style="font-weight:600;border-left:6px solid {{.Color}};padding-left:10px;margin:0 0 14px">{{.Head}}</p>
{{range .Facts}}<p style="margin:0 0 8px;overflow-wrap:anywhere"><b>{{.Name}}:</b>
{{if .Code}}<br><code style="font-size:13px">{{.Text}}</code>{{else}}{{.Text}}{{end}}</p>
{{end}}{{range .Links}}<a style="display:inline-block;margin:8px 14px 0 0" href="{{.Text}}">{{.Name}}</a>
{{end}}</body></html>
`))
