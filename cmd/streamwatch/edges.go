package main

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sign"
)

// furtherEdges returns the edges of an event beside the distribution's, with
// what signs the requests to them.
func (c *cli) furtherEdges(ctx context.Context, e *configs.Event) ([]monitor.Edge, error) {
	var all []monitor.Edge
	for i := range e.Edges {
		edge, at := &e.Edges[i], fmt.Sprintf("edges[%d].sign", i)
		one := monitor.Edge{
			Name: edge.Name, URL: strings.TrimRight(edge.URL.Reveal(), "/"), Personalised: edge.Personalised,
			Headers: daemon.Reveal(edge.Headers), Cookies: daemon.Reveal(edge.Cookies),
		}
		key, err := c.keyOf(ctx, edge.Sign, at)
		if err != nil {
			return nil, err
		}
		if one.Sign, err = signerOf(edge.Sign, at, sign.Options{Key: key, Base: one.URL}); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// signerOf returns what signs as a part of the event says, nil where there is none.
func signerOf(s *configs.Sign, at string, o sign.Options) (fetch.Signer, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // not to sign is an answer like any other
	}
	if o.KeyPairID == "" {
		o.KeyPairID = s.KeyPairID
	}
	o.URLs, o.Canned, o.Valid = s.With == "url", s.Policy == "canned", s.Valid
	signer, err := sign.New(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return signer, nil
}

// ordinals name edges that nobody named.
var ordinals = []string{configs.FirstEdge, "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"}

// addEdges makes the addresses of --edge edges of the event, each with the base
// that is at its place in bases.
func addEdges(event *configs.Event, flags, bases []string) error {
	event.Distribution.Existing = &configs.Existing{URL: configs.URL(bases[0])}
	if len(flags)+1 > len(ordinals) {
		return probe.Usage(fmt.Sprintf("--edge is given %d times", len(flags)), fmt.Sprintf("at most %d", len(ordinals)-1))
	}
	seen := map[string]bool{bases[0]: true}
	for i := range flags {
		base := bases[i+1]
		if seen[base] {
			return probe.Usage("two edges have one address", "--edge names a further CDN, beside the first URL")
		}
		seen[base] = true
		event.Edges = append(event.Edges, configs.Edge{Name: ordinals[i+1], URL: configs.URL(base)})
	}
	return nil
}

// bases sets the event up so that one path serves at every address, and returns
// the base URL of each. The first is the manifest's; the others may be that of a
// server alone, or of the manifest there; what those paths end with alike is the
// manifest. what names them in errors.
func bases(event *configs.Event, manifest string, others []string, what string) ([]string, error) {
	first, err := url.Parse(manifest)
	if err != nil {
		return nil, probe.Usage("the URL cannot be read", "such as https://d111111abcdef8.cloudfront.net/live/main.m3u8")
	}
	suffix := first.EscapedPath()
	parsed := []*url.URL{first}
	for _, text := range others {
		u, err := url.Parse(text)
		if err != nil || !isURL(text) || !usable(u) {
			return nil, probe.Usage(what+" cannot be read", "such as http://live.example.com:8080")
		}
		if path.Ext(u.Path) != "" {
			suffix = commonEnd(suffix, u.EscapedPath())
		}
		parsed = append(parsed, u)
	}
	if suffix == "" {
		const hint = "give the same playlist at each, or the servers alone"
		return nil, probe.Usage(what+" and the URL end in different names", hint)
	}
	list := make([]string, len(parsed))
	for i, u := range parsed {
		list[i] = strings.TrimRight(u.Scheme+"://"+u.Host+strings.TrimSuffix(u.EscapedPath(), suffix), "/")
	}
	if first.RawQuery != "" {
		suffix += "?" + first.RawQuery
	}
	event.Streams[0].Manifest = configs.URL(suffix)
	return list, nil
}

// commonEnd is what two paths end with alike, from a slash on; "" is nothing.
func commonEnd(a, b string) string {
	end := 0
	for n := 1; n <= min(len(a), len(b)) && a[len(a)-n] == b[len(b)-n]; n++ {
		if a[len(a)-n] == '/' {
			end = n
		}
	}
	return a[len(a)-end:]
}
