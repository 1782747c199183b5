package eventfile

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// Flags are what a command line says of a stream, over its event or in place of one.
type Flags struct {
	Origin string   // URL of the stream, or of its server; "" is none
	Edges  []string // likewise, at further CDNs

	Headers, OriginHeaders, Cookies []string // as they were typed: secret
}

// Place sets the event of a URL up for the edges and the origin that flags name,
// and returns the base URL of the first edge, which is edge where they name none.
func (f *Flags) Place(event *configs.Event, edge, manifest string) (string, error) {
	if f.Origin == "" && len(f.Edges) == 0 {
		return edge, nil
	}
	others, what := slices.Clone(f.Edges), "--edge"
	if f.Origin != "" {
		others, what = append(others, f.Origin), "--origin"
	}
	list, err := bases(event, manifest, others, what)
	if err != nil {
		return "", err
	}
	if f.Origin != "" {
		event.Origin.URL = configs.URL(list[len(list)-1])
	}
	if len(f.Edges) > 0 {
		err = addEdges(event, f.Edges, list)
	}
	return list[0], err
}

// Give adds headers for the edge and for the origin, and cookies, to an event
// whose edge is at a base URL.
func (f *Flags) Give(e *configs.Event, edge string) error {
	if len(f.Headers) > 0 && e.Distribution.Existing == nil {
		if e.Distribution.CloudFormation != nil || e.Distribution.Local != nil {
			return probe.Usage("-H beside an event file whose edge is not `existing`", "write them into the streams' headers")
		}
		e.Distribution.Existing = &configs.Existing{URL: configs.URL(edge)}
	}
	for _, to := range []struct {
		flag, separator, example string
		lines                    []string
		into                     func() *map[string]configs.Secret
	}{
		{
			"-H", ":", "'X-Viewer: value'", f.Headers,
			func() *map[string]configs.Secret { return &e.Distribution.Existing.Headers },
		},
		{
			"--origin-header", ":", "'X-Origin-Verify: value'", f.OriginHeaders,
			func() *map[string]configs.Secret { return &e.Origin.Headers },
		},
	} {
		for _, line := range to.lines {
			if err := configs.AddPair(to.into(), line, to.separator); err != nil {
				return probe.Usage(fmt.Sprintf("%s: %v", to.flag, err), "such as "+to.example)
			}
		}
	}
	for i := range e.Streams {
		for _, line := range f.Cookies {
			if err := configs.AddPair(&e.Streams[i].Cookies, line, "="); err != nil {
				return probe.Usage(fmt.Sprintf("--cookie: %v", err), "such as session=value")
			}
		}
	}
	if len(f.OriginHeaders) > 0 && e.Origin.URL == "" {
		return probe.Usage("--origin-header without an origin", "give --origin too")
	}
	return nil
}

// Ordinals name edges that nobody named.
var Ordinals = []string{configs.FirstEdge, "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"}

// addEdges makes the addresses of --edge edges of the event, each with the base
// that is at its place in bases.
func addEdges(event *configs.Event, flags, bases []string) error {
	event.Distribution.Existing = &configs.Existing{URL: configs.URL(bases[0])}
	if len(flags)+1 > len(Ordinals) {
		return probe.Usage(fmt.Sprintf("--edge is given %d times", len(flags)), fmt.Sprintf("at most %d", len(Ordinals)-1))
	}
	seen := map[string]bool{bases[0]: true}
	for i := range flags {
		base := bases[i+1]
		if seen[base] {
			return probe.Usage("two edges have one address", "--edge names a further CDN, beside the first URL")
		}
		seen[base] = true
		event.Edges = append(event.Edges, configs.Edge{Name: Ordinals[i+1], URL: configs.URL(base)})
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
		u, err := probe.ParseURL(text)
		if err != nil {
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
