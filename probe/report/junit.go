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
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Error   *junitFailure `xml:"error,omitempty"`
	Failure *junitFailure `xml:"failure,omitempty"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the result for CI systems: one test for each playlist, and one
// for each finding, which fails from an error on. Where nothing could be seen
// there is one test, in error: what was not looked at has not passed. The form is
// that of junit-10.xsd of Jenkins' xUnit plug-in, which others read too.
func (c *Check) JUnit(w io.Writer) error {
	suite := junitSuite{Name: c.URL}
	for i := range c.Playlists {
		suite.Cases = append(suite.Cases, junitCase{Class: "playlist", Name: c.Playlists[i].URL, Out: c.Playlists[i].line()})
	}
	if c.Verdict == probe.Blind {
		suite.Errors++
		suite.Cases = append(suite.Cases, junitCase{
			Class: "streamwatch", Name: "reachable",
			Error: &junitFailure{
				Type:    string(probe.Blind),
				Message: "nothing could be reached, so nothing could be judged",
			},
		})
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
