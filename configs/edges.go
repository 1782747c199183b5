package configs

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Edge is a further CDN in front of the same origin, beside the distribution's.
type Edge struct {
	Name         string            `yaml:"name" required:"true"` // [a-z0-9-], unique
	URL          URL               `yaml:"url" required:"true"`  // manifests are appended to it
	Personalised bool              `yaml:"personalised"`         // as in Existing, and likewise below
	Headers      map[string]Secret `yaml:"headers"`
	Cookies      map[string]Secret `yaml:"cookies"`
	Sign         *Sign             `yaml:"sign"`
}

// Names of the distribution's own edge, where the event has others beside it.
const (
	CloudFrontEdge = "cloudfront" // a distribution of CloudFront
	FirstEdge      = "first"      // any other
)

// EdgeName is the name of the distribution's own edge: what `name` says, else
// "cloudfront" for a distribution of CloudFront and "first" for any other. It is
// shown only where the event has other edges.
func (e *Event) EdgeName() string {
	x := e.Distribution.Existing
	switch {
	case e.Distribution.CloudFormation != nil:
		return CloudFrontEdge
	case x != nil && x.Name != "":
		return x.Name
	case x != nil && x.DistributionID != "", x != nil && cloudFrontHost(x.URL):
		return CloudFrontEdge
	default:
		return FirstEdge
	}
}

// EdgeNames lists the names of all edges, the distribution's first; nil where
// that is the only one.
func (e *Event) EdgeNames() []string {
	if len(e.Edges) == 0 {
		return nil
	}
	names := []string{e.EdgeName()}
	for i := range e.Edges {
		names = append(names, e.Edges[i].Name)
	}
	return names
}

func cloudFrontHost(u URL) bool {
	p, err := url.Parse(u.Reveal())
	return err == nil && strings.HasSuffix(strings.ToLower(p.Hostname()), ".cloudfront.net")
}

// edgeName is short: it stands in metrics, ids and sentences.
var edgeName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// reserved names would read as something else where an edge is named.
var reserved = map[string]string{
	"origin": "the origin's", "edge": "the word for any edge", "all": "the word for all edges",
}

func (d *decoder) edges(e *Event) {
	at := map[string]string{e.EdgeName(): "the distribution's edge"}
	if x := e.Distribution.Existing; x != nil && x.Name != "" {
		d.edgeName("distribution.existing.name", x.Name, nil)
	}
	same := map[string]string{site(e.Origin.URL): "origin.url"}
	if x := e.Distribution.Existing; x != nil {
		same[site(x.URL)] = "distribution.existing.url"
	}
	for i := range e.Edges {
		edge, path := &e.Edges[i], index("edges", i)
		d.edgeName(path+".name", edge.Name, at)
		at[edge.Name] = path
		if d.checkBase(path+".url", edge.URL) != nil {
			if other := same[site(edge.URL)]; other != "" {
				d.fail(path+".url", "is the same as "+other, "an edge is a CDN of its own in front of the origin")
			}
			same[site(edge.URL)] = path + ".url"
		}
		d.checkHeaders(path+".headers", edge.Headers)
		d.checkCookies(path+".cookies", edge.Cookies)
		d.sign(path+".sign", edge.Sign, false)
	}
}

func (d *decoder) edgeName(path, name string, taken map[string]string) {
	switch {
	case !edgeName.MatchString(name):
		d.fail(path, "must be lower-case letters, digits and dashes, at most 32", "such as fastly or second")
	case reserved[name] != "":
		d.fail(path, fmt.Sprintf("%q is %s", name, reserved[name]), "such as fastly or second")
	case taken[name] != "":
		d.fail(path, fmt.Sprintf("repeats %q, the name of %s", name, taken[name]), "")
	}
}

// site is an address by which two are the same.
func site(u URL) string {
	p, err := url.Parse(u.Reveal())
	if err != nil || p.Host == "" {
		return "none"
	}
	host, port := strings.ToLower(p.Hostname()), p.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[p.Scheme]
	}
	return p.Scheme + "://" + host + ":" + port + strings.TrimRight(p.Path, "/")
}
