package eventfile

import (
	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// Know makes all of an event's secrets known, so that no text shows them.
func Know(s *fetch.Secrets, e *configs.Event) {
	groups := []map[string]configs.Secret{e.Origin.Headers}
	if x := e.Distribution.Existing; x != nil {
		groups = append(groups, x.Headers, x.Cookies)
		s.AddURL(x.URL.Reveal())
	}
	for i := range e.Edges {
		groups = append(groups, e.Edges[i].Headers, e.Edges[i].Cookies)
		s.AddURL(e.Edges[i].URL.Reveal())
	}
	if f := e.Distribution.CloudFormation; f != nil && f.Failover != nil {
		groups = append(groups, f.Failover.Headers)
		s.AddURL(f.Failover.URL.Reveal())
	}
	for i := range e.Streams {
		groups = append(groups, e.Streams[i].Headers, e.Streams[i].Cookies)
		s.AddURL(e.Streams[i].Manifest.Reveal())
	}
	for _, group := range groups {
		for _, value := range group {
			s.AddHeader(value.Reveal())
		}
	}
	knowReceivers(s, e)
	if a := e.Monitor.Auth; a != nil {
		s.Add(a.Password.Reveal(), a.Username+":"+a.Password.Reveal())
	}
	if f := e.Fleet; f != nil {
		for _, u := range f.NATS {
			s.AddURL(u.Reveal())
		}
	}
	s.AddURL(e.Origin.URL.Reveal())
	s.AddURL(e.Monitor.Control.Reveal())
}
