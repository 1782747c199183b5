package configs

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Notify says whom the monitor itself tells of incidents.
type Notify struct {
	Webhooks  []Webhook   `yaml:"webhooks"`
	PagerDuty []PagerDuty `yaml:"pagerduty"`
	Opsgenie  []Opsgenie  `yaml:"opsgenie"`
	Email     []Email     `yaml:"email"`
	Group     Group       `yaml:"group"`
}

// Group says how much is one message.
type Group struct {
	Wait   time.Duration `yaml:"wait" range:"0s..10m"`    // from the opening of an incident to the message about it
	Repeat time.Duration `yaml:"repeat" range:"0s..168h"` // after which an open one is told again; 0 is never
}

// Webhook is told by a POST.
type Webhook struct {
	URL      Secret            `yaml:"url"`
	URLFile  string            `yaml:"url_file"`
	Format   string            `yaml:"format" enum:"json cloudevents slack teams"`
	Headers  map[string]Secret `yaml:"headers"`
	Secret   Secret            `yaml:"secret"` // signs each body
	Severity string            `yaml:"severity" enum:"warning error critical"`
	Streams  []string          `yaml:"streams"`
}

func (w *Webhook) setDefaults() { w.Format, w.Severity = "json", leastSeverity }

// PagerDuty is an integration of the Events API v2.
type PagerDuty struct {
	RoutingKey     Secret `yaml:"routing_key"`
	RoutingKeyFile string `yaml:"routing_key_file"` // a file with the key in it; its path counts from the event file
	URL            URL    `yaml:"url"`
	Severity       string `yaml:"severity" enum:"warning error critical"` // the least severity to report
	// only incidents that hit one of these streams; absent is all
	Streams []string `yaml:"streams"`
}

func (p *PagerDuty) setDefaults() { p.Severity = leastSeverity }

// Opsgenie is an integration of the Alert API v2.
type Opsgenie struct {
	APIKey     Secret `yaml:"api_key"`
	APIKeyFile string `yaml:"api_key_file"` // a file with the key in it; its path counts from the event file
	URL        URL    `yaml:"url"`
	Severity   string `yaml:"severity" enum:"warning error critical"` // the least severity to report
	// only incidents that hit one of these streams; absent is all
	Streams []string `yaml:"streams"`
}

func (o *Opsgenie) setDefaults() { o.Severity = leastSeverity }

// Email is a mail server and who is written to through it.
type Email struct {
	Host     string `yaml:"host" required:"true"`  // of the mail server, without a port
	Port     int    `yaml:"port" range:"0..65535"` // 0 is what tls makes it
	TLS      string `yaml:"tls" enum:"starttls tls none"`
	Username string `yaml:"username"`
	Password Secret `yaml:"password"`
	// a file with the password in it; its path counts from the event file
	PasswordFile string   `yaml:"password_file"`
	From         string   `yaml:"from" required:"true"`                   // address of the sender, with a name if need be
	To           []string `yaml:"to" required:"true"`                     // addresses that are written to
	Severity     string   `yaml:"severity" enum:"warning error critical"` // the least severity to report
	// only incidents that hit one of these streams; absent is all
	Streams []string `yaml:"streams"`
}

func (e *Email) setDefaults() { e.TLS, e.Severity = "starttls", leastSeverity }

const leastSeverity = "warning"

// notify checks whom the monitor tells.
func (d *decoder) notify(e *Event) {
	for i := range e.Notify.Webhooks {
		w, at := &e.Notify.Webhooks[i], index("notify.webhooks", i)
		d.either(at, "url", "url_file", w.URL, w.URLFile)
		if w.URL != "" {
			d.webhookURL(at+".url", w)
		}
		d.checkHeaders(at+".headers", w.Headers)
		d.someStreams(at+".streams", w.Streams, e)
	}
	for i := range e.Notify.PagerDuty {
		p, at := &e.Notify.PagerDuty[i], index("notify.pagerduty", i)
		d.either(at, "routing_key", "routing_key_file", p.RoutingKey, p.RoutingKeyFile)
		d.oneWord(at+".routing_key", p.RoutingKey)
		d.serviceURL(at+".url", p.URL)
		d.someStreams(at+".streams", p.Streams, e)
	}
	for i := range e.Notify.Opsgenie {
		o, at := &e.Notify.Opsgenie[i], index("notify.opsgenie", i)
		d.either(at, "api_key", "api_key_file", o.APIKey, o.APIKeyFile)
		d.oneWord(at+".api_key", o.APIKey)
		d.serviceURL(at+".url", o.URL)
		d.someStreams(at+".streams", o.Streams, e)
	}
	for i := range e.Notify.Email {
		d.email(index("notify.email", i), &e.Notify.Email[i])
		d.someStreams(index("notify.email", i)+".streams", e.Notify.Email[i].Streams, e)
	}
}

func (d *decoder) email(at string, m *Email) {
	d.require(at+".host", m.Host != "" && !strings.ContainsAny(m.Host, ":/@ \t\r\n"), "must be the name of a host",
		"such as smtp.example.com; the port has its own key")
	d.require(at+".from", address(m.From, true), "must be an e-mail address", "such as streamwatch@example.com")
	d.require(at+".to", len(m.To) > 0, "must have at least one address", "")
	for i, to := range m.To {
		d.require(index(at+".to", i), address(to, false), "must be an e-mail address", "such as oncall@example.com")
	}
	given := m.Password != "" || m.PasswordFile != ""
	d.require(at+".password", m.Password == "" || m.PasswordFile == "", "and password_file are both given",
		"delete one of the two")
	d.require(at+".username", m.Username == "" || given, "has no password", "add password or password_file")
	d.require(at+".password", m.Username != "" || !given, "has no username", "add username")
	d.require(at+".tls", m.TLS != "none" || !given || Loopback(m.Host+":25"), "must not be none where a password is sent",
		"starttls or tls")
}

// address reports whether a text is an e-mail address, with a name where it may
// have one.
func address(text string, named bool) bool {
	m, err := mail.ParseAddress(text)
	return err == nil && (named || m.Address == text)
}

// either requires exactly one of a secret and the file that it is in.
func (d *decoder) either(at, key, file string, secret Secret, path string) {
	switch {
	case secret != "" && path != "":
		d.fail(at+"."+file, "and "+key+" are both given", "delete one of the two")
	case secret == "" && path == "":
		place := at + "." + key
		if d.at[place] == nil {
			place = at
		}
		d.fail(place, "needs "+key+" or "+file, "")
	}
}

// oneWord requires a key without spaces. The message does not repeat it.
func (d *decoder) oneWord(path string, key Secret) {
	d.require(path, !strings.ContainsAny(key.Reveal(), " \t\r\n"), "must not hold spaces or line ends", "")
}

// connectors were Teams' webhooks until Microsoft retired them.
var connectors = []string{".webhook.office.com", "outlook.office.com", "outlook.office365.com"}

func (d *decoder) webhookURL(path string, w *Webhook) {
	u := d.checkURL(path, URL(w.URL))
	if u == nil || w.Format != "teams" {
		return
	}
	retired := slices.ContainsFunc(connectors, func(host string) bool { return strings.HasSuffix("."+u.Hostname(), host) })
	d.require(path, !retired, "is a connector of Office 365, which Microsoft retired",
		"in Teams: Workflows, \"Post to a channel when a webhook request is received\"")
}

func (d *decoder) serviceURL(path string, u URL) {
	if u == "" {
		return
	}
	if p := d.checkURL(path, u); p != nil {
		d.require(path, p.RawQuery == "" && p.Fragment == "", "must not have a query or a fragment", "")
	}
}

// CheckWebhook says what is wrong with a webhook's address that was read from its
// file, "" for nothing.
func CheckWebhook(address string) string {
	if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "does not hold an http or https URL"
	}
	return ""
}
