package eventfile

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
)

// knowReceivers makes the secrets of all receivers known.
func knowReceivers(s *fetch.Secrets, e *configs.Event) {
	for _, r := range Receivers(e) {
		if e := r.Format; e != notify.PagerDuty && e != notify.Opsgenie {
			s.AddHook(r.URL)
		}
		for _, value := range r.Headers {
			s.AddHeader(value)
		}
		s.Add(r.Secret, r.Key, r.SMTP.Password)
	}
}

// routingKey is how many characters a routing key of PagerDuty has.
const routingKey = 32

// notifyWarnings says what a receiver will not take, or not make sense of.
func notifyWarnings(e *configs.Event) (list []configs.Problem) {
	for i := range e.Notify.PagerDuty {
		if n := len(e.Notify.PagerDuty[i].RoutingKey); n != routingKey {
			list = append(list, configs.Problem{
				Path: fmt.Sprintf("notify.pagerduty[%d].routing_key", i),
				Message: fmt.Sprintf(
					"warning: a routing key has %d characters, this one %d: PagerDuty will refuse it", routingKey, n,
				),
				Hint: "the integration key of an integration of the kind Events API v2",
			})
		}
	}
	host, _, _ := net.SplitHostPort(e.Monitor.Listen)
	ip := net.ParseIP(host)
	here := host == "localhost" || ip != nil && ip.IsLoopback()
	if here && e.Monitor.PublicURL == "" && len(Receivers(e)) > 0 {
		list = append(list, configs.Problem{
			Path:    "monitor.public_url",
			Message: "warning: links in messages lead to " + host + ", which is another machine for whoever reads them",
			Hint:    "set monitor.public_url to the address under which others reach the page",
		})
	}
	return list
}

// notifyFiles reads the secrets that stand in files beside the event file, and
// returns what is wrong with these.
func notifyFiles(path string, e *configs.Event) (found []configs.Problem) {
	read := func(at, file string, into *configs.Secret, check func(string) string) {
		if file == "" {
			return
		}
		text, err := SmallFile(Beside(path, file))
		problem := configs.Problem{Path: at, Hint: "its path counts from the event file's folder"}
		*into = configs.Secret(strings.TrimSpace(string(text)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			problem.Message = at + " names a file that does not exist"
		case err != nil:
			problem.Message = at + " names a file that cannot be read"
		case *into == "":
			problem.Message = at + " names a file that is empty"
		case strings.ContainsAny(into.Reveal(), "\r\n"):
			problem.Message = at + " names a file of several lines"
		case check != nil && check(into.Reveal()) != "":
			problem.Message, problem.Hint = at+" "+check(into.Reveal()), "such as https://hooks.example.com/streamwatch"
		default:
			return
		}
		found = append(found, problem)
	}
	n := &e.Notify
	for i := range n.Webhooks {
		w := &n.Webhooks[i]
		read(fmt.Sprintf("notify.webhooks[%d].url_file", i), w.URLFile, &w.URL, configs.CheckWebhook)
	}
	for i := range n.PagerDuty {
		p := &n.PagerDuty[i]
		read(fmt.Sprintf("notify.pagerduty[%d].routing_key_file", i), p.RoutingKeyFile, &p.RoutingKey, nil)
	}
	for i := range n.Opsgenie {
		o := &n.Opsgenie[i]
		read(fmt.Sprintf("notify.opsgenie[%d].api_key_file", i), o.APIKeyFile, &o.APIKey, nil)
	}
	for i := range n.Email {
		m := &n.Email[i]
		read(fmt.Sprintf("notify.email[%d].password_file", i), m.PasswordFile, &m.Password, nil)
	}
	return found
}
