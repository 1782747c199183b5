package main

import (
	"fmt"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// know makes all of an event's secrets known, so that no text shows them.
func (c *cli) know(e *configs.Event) {
	s := c.known()
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
	s.AddURL(e.Origin.URL.Reveal())
	s.AddURL(e.Monitor.Control.Reveal())
}

// given adds what the flags of check say to an event: headers for the edge and
// for the origin, and cookies.
func given(e *configs.Event, edge string, o checkOptions) error {
	if len(o.headers) > 0 && e.Distribution.Existing == nil {
		if e.Distribution.CloudFormation != nil || e.Distribution.Local != nil {
			return probe.Usage("-H beside an event file whose edge is not `existing`", "write them into the streams' headers")
		}
		e.Distribution.Existing = &configs.Existing{URL: configs.URL(edge)}
	}
	for _, f := range []struct {
		flag, separator, example string
		lines                    []string
		into                     func() *map[string]configs.Secret
	}{
		{"-H", ":", "'X-Viewer: value'", o.headers, func() *map[string]configs.Secret { return &e.Distribution.Existing.Headers }},
		{"--origin-header", ":", "'X-Origin-Verify: value'", o.originHeaders, func() *map[string]configs.Secret { return &e.Origin.Headers }},
	} {
		for _, line := range f.lines {
			if err := configs.AddPair(f.into(), line, f.separator); err != nil {
				return probe.Usage(fmt.Sprintf("%s: %v", f.flag, err), "such as "+f.example)
			}
		}
	}
	for i := range e.Streams {
		for _, line := range o.cookies {
			if err := configs.AddPair(&e.Streams[i].Cookies, line, "="); err != nil {
				return probe.Usage(fmt.Sprintf("--cookie: %v", err), "such as session=value")
			}
		}
	}
	if len(o.originHeaders) > 0 && e.Origin.URL == "" {
		return probe.Usage("--origin-header without an origin", "give --origin too")
	}
	return nil
}
