package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// Rule describes a check to SARIF.
type Rule struct {
	ID, Summary, Doc, Spec string
	Help                   string // the clause, and what to do, in plain text
	Page                   string // where to read more
}

// help is what a reader of the finding needs: the clause with its address, and
// what to do.
func (r *Rule) help() string {
	text := r.Spec
	if u := specURL(r.Spec); u != "" && r.Page != "" {
		text += " (" + u + ")"
	}
	return strings.TrimSpace(text + "\n\n" + r.Help)
}

// The parts of SARIF 2.1.0 that are written, by their names there.
type (
	sarifText struct {
		Text string `json:"text"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifFile struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifFile    `json:"artifactLocation"`
		Region   *sarifRegion `json:"region,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifRule struct {
		ID      string    `json:"id"`
		Short   sarifText `json:"shortDescription"`
		Full    sarifText `json:"fullDescription"`
		Help    sarifText `json:"help"`
		HelpURI string    `json:"helpUri,omitempty"`
	}
	sarifResult struct {
		Rule         string            `json:"ruleId"`
		Index        *int              `json:"ruleIndex,omitempty"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   map[string]string `json:"properties"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		URI     string      `json:"informationUri"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifRun struct {
		Tool    sarifTool            `json:"tool"`
		Bases   map[string]sarifFile `json:"originalUriBaseIds,omitempty"`
		Results []sarifResult        `json:"results"`
	}
)

// sourceRoot is the name by which code scanning knows the folder that is checked out.
const sourceRoot = "%SRCROOT%"

// SARIF writes the result as SARIF 2.1.0. version is that of streamwatch;
// rules are the checks, of which those that found something are listed.
func (c *Check) SARIF(w io.Writer, version string, rules []Rule) error {
	run := sarifRun{
		Tool:    sarifTool{sarifDriver{"streamwatch", version, "https://github.com/streamwatch/streamwatch", []sarifRule{}}},
		Results: []sarifResult{},
	}
	if c.Root != "" {
		run.Bases = map[string]sarifFile{sourceRoot: {URI: fileURL(c.Root) + "/"}}
	}
	place := map[string]int{}
	for i := range c.Findings {
		f := &c.Findings[i]
		for _, r := range rules {
			if _, listed := place[r.ID]; r.ID == f.Check && !listed {
				place[r.ID] = len(run.Tool.Driver.Rules)
				run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
					r.ID, sarifText{r.Summary}, sarifText{r.Doc}, sarifText{r.help()}, cmp.Or(r.Page, specURL(r.Spec)),
				})
			}
		}
		result := sarifResult{
			Rule: f.Check, Level: level(f.Severity), Message: sarifText{f.Summary + ": " + f.Detail},
			Locations: []sarifLocation{c.locate(f)}, Fingerprints: map[string]string{"streamwatch/v1": f.fingerprint()},
			Properties: map[string]string{
				"blame": string(f.Blame), "because": f.Because, "scope": string(f.Scope), "streams": strings.Join(f.Streams, ", "),
				"severity": f.Severity.String(), "target": f.where(),
			},
		}
		if at, listed := place[f.Check]; listed {
			result.Index = &at
		}
		run.Results = append(run.Results, result)
	}
	return indented(w, struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// locate says where a finding is: in which file or at which URL, and in which
// line where that is known.
func (c *Check) locate(f *Finding) sarifLocation {
	name, line := c.position(f)
	file := sarifFile{URI: name}
	if local := c.relative(name); local != "" {
		u := url.URL{Path: local}
		file = sarifFile{strings.TrimPrefix(u.String(), "./"), sourceRoot}
	} else if u, err := url.Parse(name); err != nil || u.Scheme == "" {
		u := url.URL{Path: name} // a name that is no reference by itself, such as "standard input"
		file.URI = u.String()
	}
	at := sarifLocation{sarifPhysical{Artifact: file}, []sarifLogical{{f.where(), "resource"}}}
	if line > 0 {
		at.Physical.Region = &sarifRegion{line}
	}
	return at
}

// position is the URL that shows a finding, and the line; 0 where it is in no
// line, or in one of a playlist that is not known.
func (c *Check) position(f *Finding) (name string, line int) {
	switch {
	case len(f.Evidence) > 0:
		return string(f.Evidence[0].URL), f.Line
	case len(c.Playlists) == 1:
		return c.Playlists[0].URL, f.Line
	default:
		return c.URL, 0
	}
}

// relative is the path of a local file from the root on, with slashes; "" for
// what is not a file in there.
func (c *Check) relative(name string) string {
	if c.Root == "" {
		return ""
	}
	path := name
	if u, err := url.Parse(name); err == nil && u.Scheme != "" {
		if u.Scheme != "file" {
			return ""
		}
		path = u.Path
	} else if plain, is := strings.CutPrefix(name, "file://"); is {
		path = plain // with characters that no URL has
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.Root, path)
	}
	rel, err := filepath.Rel(c.Root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}

func fileURL(path string) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	return strings.TrimSuffix(u.String(), "/")
}

// fingerprint is the same for the same finding in another run: it has what is
// wrong and where, and neither times nor numbers that change.
func (f *Finding) fingerprint() string {
	sum := sha256.New()
	for _, part := range []string{f.Check, string(f.Scope), f.Host, f.Stream, f.Rendition, f.Side.String()} {
		_, _ = io.WriteString(sum, part+"\x00")
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// The documents that checks quote, by how a clause of them begins.
var documents = [...]struct{ prefix, url string }{
	{"RFC 8216bis", "https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis"},
	{"RFC ", "https://www.rfc-editor.org/rfc/rfc"},
	{
		"HLS Authoring Specification", "https://developer.apple.com/documentation/http-live-streaming/" +
			"hls-authoring-specification-for-apple-devices",
	},
	{"TN2235", "https://developer.apple.com/library/archive/technotes/tn2235/_index.html"},
}

var clause = regexp.MustCompile(`^RFC (\d+)(?:bis)?(?: §([\d.]+)| Appendix ([A-Z]))?`)

// specURL is where the clause that a check quotes first can be read; "" where
// it quotes none that is public.
func specURL(spec string) string {
	m := clause.FindStringSubmatch(spec)
	for _, d := range documents {
		if !strings.HasPrefix(spec, d.prefix) {
			continue
		}
		u := d.url
		if d.prefix == "RFC " && m != nil {
			u += m[1]
		}
		switch {
		case m != nil && m[2] != "":
			u += "#section-" + m[2]
		case m != nil && m[3] != "":
			u += "#appendix-" + m[3]
		}
		return u
	}
	return ""
}

func level(s probe.Severity) string {
	switch {
	case s >= probe.Error:
		return "error"
	case s == probe.Warning:
		return "warning"
	default:
		return "note"
	}
}
