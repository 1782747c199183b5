package eventfile

import (
	"fmt"
	"net/http"
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

// Stream makes the event of a manifest URL, for the edges and the origin that the
// flags name.
func (f *Flags) Stream(manifest string) (*configs.Event, error) {
	e, err := OfURL(manifest)
	if err != nil {
		return nil, err
	}
	e.Event, e.Streams[0].Name = "check", "main"
	if f.Origin == "" && len(f.Edges) == 0 {
		return e, nil
	}
	others, what := slices.Clone(f.Edges), "--edge"
	if f.Origin != "" {
		others, what = append(others, f.Origin), "--origin"
	}
	list, err := bases(e, manifest, others, what)
	if err != nil {
		return nil, err
	}
	if f.Origin != "" {
		e.Origin.URL, e.Origin.Headers = configs.URL(list[len(list)-1]), login(f.Origin)
	}
	e.Distribution.Existing.URL, e.Distribution.Existing.Headers = configs.URL(list[0]), login(manifest)
	return e, addEdges(e, f.Edges, list)
}

// login returns the header that the user in a URL stands for, for the one server
// that it is of: the paths below its base have none. nil is no user.
func login(address string) map[string]configs.Secret {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return nil
	}
	r := http.Request{Header: http.Header{}}
	password, _ := u.User.Password()
	r.SetBasicAuth(u.User.Username(), password)
	return map[string]configs.Secret{"Authorization": configs.Secret(r.Header.Get("Authorization"))}
}

// Give adds headers for the edge and for the origin, and cookies, to an event.
func (f *Flags) Give(e *configs.Event) error {
	if x := e.Distribution.Existing; x != nil {
		if err := addPairs("-H", ":", "'X-Viewer: value'", f.Headers, &x.Headers); err != nil {
			return err
		}
	} else if len(f.Headers) > 0 {
		return probe.Usage("-H with an event file whose edge is not `existing`", "write them into the streams' headers")
	}
	err := addPairs("--origin-header", ":", "'X-Origin-Verify: value'", f.OriginHeaders, &e.Origin.Headers)
	if err != nil {
		return err
	}
	for i := range e.Streams {
		if err := addPairs("--cookie", "=", "session=value", f.Cookies, &e.Streams[i].Cookies); err != nil {
			return err
		}
	}
	if len(f.OriginHeaders) > 0 && e.Origin.URL == "" {
		return probe.Usage("--origin-header without an origin", "give --origin too")
	}
	return nil
}

// addPairs adds what was given to one flag to headers or cookies.
func addPairs(flag, separator, example string, lines []string, to *map[string]configs.Secret) error {
	for _, line := range lines {
		if err := configs.AddPair(to, line, separator); err != nil {
			return probe.Usage(fmt.Sprintf("%s: %v", flag, err), "such as "+example)
		}
	}
	return nil
}

// Ordinals name edges that nobody named.
func Ordinals() []string {
	return []string{configs.FirstEdge, "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"}
}

// addEdges makes the addresses of --edge edges of the event, each with the base
// that is at its place in bases.
func addEdges(event *configs.Event, flags, bases []string) error {
	names := Ordinals()
	if len(flags)+1 > len(names) {
		return probe.Usage(fmt.Sprintf("--edge is given %d times", len(flags)), fmt.Sprintf("at most %d", len(names)-1))
	}
	seen := map[string]bool{bases[0]: true}
	for i, flag := range flags {
		base := bases[i+1]
		if seen[base] {
			return probe.Usage("two edges have the same address", "--edge names a further CDN; the first one is the URL")
		}
		seen[base] = true
		event.Edges = append(event.Edges, configs.Edge{
			Name: names[i+1], URL: configs.URL(base), Headers: login(flag),
		})
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
		return nil, probe.Usage(
			"the URL cannot be read",
			"such as https://d111111abcdef8.cloudfront.net/live/main.m3u8",
		)
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
