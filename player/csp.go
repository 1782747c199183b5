package player

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
)

// policy is the Content-Security-Policy of an engine's page: the least that
// plays. It holds for the page as printed, without 'unsafe-inline'.
func (r *renderer) policy(e engine, d document) string {
	scripts, styles := r.sources(e, ".js"), []string{cspHash("\n" + string(d.CSS))}
	if e.kind == VideoJS {
		styles = append(styles, r.sources(e, ".css")...)
	}
	if r.opt.Cast {
		scripts = append(scripts, "https://www.gstatic.com")
	}
	media := r.mediaHosts()
	directives := [][]string{
		{"default-src", "'none'"},
		append([]string{"script-src"}, unique(scripts)...),
		append([]string{"style-src"}, unique(styles)...),
		append([]string{"connect-src"}, unique(append(slices.Clone(media), beaconSource(r.opt.Beacon)...))...),
		append([]string{"media-src", "blob:"}, media...),
		append([]string{"img-src", "'self'", "data:"}, origins(r.opt.Poster)...),
		{"worker-src", "blob:"},
	}
	return r.join(directives)
}

// framePolicy is that of the page that shows the iframe.
func (r *renderer) framePolicy(css, frameStyle string) string {
	return r.join([][]string{
		{"default-src", "'none'"},
		{"style-src", "'unsafe-hashes'", cspHash("\n" + css), cspHash(frameStyle)},
		{"img-src", "data:"},
		append([]string{"frame-src", "'self'"}, origins(r.opt.Base)...),
	})
}

// join adds what every page has and writes the policy.
func (r *renderer) join(directives [][]string) string {
	directives = append(directives, []string{"base-uri", "'none'"}, []string{"form-action", "'none'"})
	if r.manifest.Scheme == "https" {
		directives = append(directives, []string{"upgrade-insecure-requests"})
	}
	lines := make([]string, len(directives))
	for i, d := range directives {
		lines[i] = strings.Join(d, " ")
	}
	return strings.Join(lines, "; ")
}

// frameAncestors says who may frame the page. Only a header can: browsers
// ignore it in a meta element.
func (r *renderer) frameAncestors() string {
	if len(r.opt.FrameAncestors) == 0 {
		return "frame-ancestors *"
	}
	return "frame-ancestors " + strings.Join(r.opt.FrameAncestors, " ")
}

// mediaHosts lists where playlists, segments and keys come from.
func (r *renderer) mediaHosts() []string {
	hosts := []string{originOf(r.manifest)}
	for _, f := range r.fallbacks {
		hosts = append(hosts, origins(f)...)
	}
	return unique(append(hosts, r.cfg.Manifest.Hosts...))
}

// beaconSource allows the address of the beacon, or in a preview the server's own.
func beaconSource(address string) []string {
	if ownPath.MatchString(address) {
		return []string{"'self'"}
	}
	return origins(address)
}

// origins is the origin of an address, or nothing.
func origins(address string) []string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil
	}
	return []string{originOf(u)}
}

func unique(s []string) []string {
	var out []string
	for _, v := range s {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// contentAttr prints a policy as people expect to read it; html/template would
// write each quote and plus as a reference. All its parts are checked: host
// names, hashes and words of the grammar.
func contentAttr(policy string) template.HTMLAttr {
	return template.HTMLAttr(`content="` + policy + `"`)
}
