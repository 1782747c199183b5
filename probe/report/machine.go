package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the result for CI systems: one test for each playlist, and one
// for each finding, which fails from an error on.
func (c *Check) JUnit(w io.Writer) error {
	suite := junitSuite{Name: c.URL}
	for i := range c.Playlists {
		suite.Cases = append(suite.Cases, junitCase{Class: "playlist", Name: c.Playlists[i].URL, Out: c.Playlists[i].line()})
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		var text strings.Builder
		fmt.Fprintf(&text, "%s: %s\nblame %s\n", f.Summary, f.Detail, f.Blame)
		if f.Because != "" {
			fmt.Fprintf(&text, "because: %s\n", f.Because)
		}
		if len(f.Streams) > 1 {
			fmt.Fprintf(&text, "streams: %s\n", strings.Join(f.Streams, ", "))
		}
		text.WriteString(f.Spec + "\n")
		for _, e := range f.Evidence {
			text.WriteString(e.Curl + "\n")
		}
		test := junitCase{Class: f.Check, Name: f.where()}
		if f.Severity >= probe.Error {
			suite.Failures++
			test.Failure = &junitFailure{Type: f.Severity.String(), Message: f.Detail, Text: text.String()}
		} else {
			test.Out = f.Severity.String() + ": " + text.String()
		}
		suite.Cases = append(suite.Cases, test)
	}
	suite.Tests = len(suite.Cases)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(suite); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// Rule describes a check to SARIF.
type Rule struct {
	ID, Summary, Doc, Spec string
}

// SARIF writes the result as SARIF 2.1.0. version is that of streamwatch;
// rules are the checks, of which those that found something are listed.
func (c *Check) SARIF(w io.Writer, version string, rules []Rule) error {
	type text struct {
		Text string `json:"text"`
	}
	type rule struct {
		ID    string `json:"id"`
		Short text   `json:"shortDescription"`
		Full  text   `json:"fullDescription"`
		Help  text   `json:"help"`
	}
	type artifact struct {
		URI string `json:"uri"`
	}
	type physical struct {
		Artifact artifact `json:"artifactLocation"`
	}
	type location struct {
		Physical physical `json:"physicalLocation"`
	}
	type result struct {
		Rule       string            `json:"ruleId"`
		Level      string            `json:"level"`
		Message    text              `json:"message"`
		Locations  []location        `json:"locations"`
		Properties map[string]string `json:"properties"`
	}
	results, used := []result{}, []rule{}
	seen := map[string]bool{}
	for i := range c.Findings {
		f := &c.Findings[i]
		at := c.URL
		if len(f.Evidence) > 0 {
			at = string(f.Evidence[0].URL)
		}
		results = append(results, result{
			Rule: f.Check, Level: level(f.Severity), Message: text{f.Summary + ": " + f.Detail}, Locations: []location{{physical{artifact{at}}}},
			Properties: map[string]string{
				"blame": string(f.Blame), "because": f.Because, "scope": string(f.Scope), "streams": strings.Join(f.Streams, ", "),
				"severity": f.Severity.String(), "target": f.where(),
			},
		})
		for _, r := range rules {
			if r.ID == f.Check && !seen[r.ID] {
				seen[r.ID] = true
				used = append(used, rule{r.ID, text{r.Summary}, text{r.Doc}, text{r.Spec}})
			}
		}
	}
	type driver struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Rules   []rule `json:"rules"`
	}
	type tool struct {
		Driver driver `json:"driver"`
	}
	type run struct {
		Tool    tool     `json:"tool"`
		Results []result `json:"results"`
	}
	return indented(w, struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []run{{tool{driver{"streamwatch", version, used}}, results}}})
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
