package eventfile

import (
	"cmp"
	"fmt"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
)

// Receivers are whom the event file names, each with a name of its own: its kind,
// and its place in that list.
func Receivers(e *configs.Event) (list []notify.Receiver) {
	add := func(kind string, i int, severity string, streams []string, r notify.Receiver) {
		r.Name, r.Streams = fmt.Sprintf("%s-%d", kind, i+1), streams
		_ = r.Severity.UnmarshalText([]byte(severity)) // the schema lets no other word in
		list = append(list, r)
	}
	for i := range e.Notify.Webhooks {
		w := &e.Notify.Webhooks[i]
		r := notify.Receiver{Format: notify.Format(w.Format), URL: w.URL.Reveal(), Secret: w.Secret.Reveal()}
		r.Headers = map[string]string{}
		for name, value := range w.Headers {
			r.Headers[name] = value.Reveal()
		}
		add("webhook", i, w.Severity, w.Streams, r)
	}
	for i := range e.Notify.PagerDuty {
		p := &e.Notify.PagerDuty[i]
		add("pagerduty", i, p.Severity, p.Streams, notify.Receiver{
			Format: notify.PagerDuty, URL: p.URL.Reveal(), Key: p.RoutingKey.Reveal(),
		})
	}
	for i := range e.Notify.Opsgenie {
		o := &e.Notify.Opsgenie[i]
		add("opsgenie", i, o.Severity, o.Streams, notify.Receiver{
			Format: notify.Opsgenie, URL: o.URL.Reveal(), Key: o.APIKey.Reveal(),
		})
	}
	for i := range e.Notify.Email {
		m := &e.Notify.Email[i]
		ports := map[string]int{"starttls": 587, "tls": 465, "none": 25}
		add("email", i, m.Severity, m.Streams, notify.Receiver{Format: notify.Mail, SMTP: notify.SMTP{
			Host: m.Host, Port: cmp.Or(m.Port, ports[m.TLS]), TLS: notify.TLS(m.TLS),
			Username: m.Username, Password: m.Password.Reveal(), From: m.From, To: m.To,
		}})
	}
	return list
}
