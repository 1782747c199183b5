package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif" // its source has the schema
	"github.com/xeipuuv/gojsonschema"

	"github.com/streamwatch/streamwatch/probe"
)

// junitForm is what junit-10.xsd of Jenkins' xUnit plug-in allows of each element
// that we write: attributes, those that must be there, and children.
var junitForm = map[string]struct{ attributes, required, children string }{
	"testsuites": {"name time tests failures errors", "", "testsuite"},
	"testsuite": {
		"name tests failures errors group time skipped timestamp hostname id package file log url",
		"name tests failures errors",
		"testsuite properties testcase system-out system-err",
	},
	"testcase":   {"name time classname group", "name", "skipped error failure system-out system-err"},
	"failure":    {"type message", "", ""},
	"error":      {"type message", "", ""},
	"skipped":    {"type message", "", ""},
	"system-out": {"", "", ""},
	"system-err": {"", "", ""},
}

// junitProblems says what is wrong with a file: its form, and counts that do not add up.
func junitProblems(text []byte) (problems []string) {
	d := xml.NewDecoder(bytes.NewReader(text))
	var path []string
	counts, stated := map[string]int{}, map[string]string{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return append(problems, err.Error())
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			form, known := junitForm[name]
			if !known {
				return append(problems, "unknown element "+name)
			}
			if len(path) == 0 && !strings.HasPrefix(name, "testsuite") {
				problems = append(problems, "the root is "+name)
			} else if len(path) > 0 && !slices.Contains(strings.Fields(junitForm[path[len(path)-1]].children), name) {
				problems = append(problems, name+" within "+path[len(path)-1])
			}
			has := map[string]bool{}
			for _, a := range e.Attr {
				has[a.Name.Local] = true
				if !slices.Contains(strings.Fields(form.attributes), a.Name.Local) {
					problems = append(problems, name+" has the attribute "+a.Name.Local)
				}
				if name == "testsuite" {
					stated[a.Name.Local] = a.Value
				}
			}
			for must := range strings.FieldsSeq(form.required) {
				if !has[must] {
					problems = append(problems, name+" lacks the attribute "+must)
				}
			}
			counts[name]++
			path = append(path, name)
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
	for attribute, element := range map[string]string{"tests": "testcase", "failures": "failure", "errors": "error"} {
		if want := fmt.Sprint(counts[element]); stated[attribute] != want {
			problems = append(problems, fmt.Sprintf("%s is %s and there are %s", attribute, stated[attribute], want))
		}
	}
	return problems
}

func TestJUnitIsAsJenkinsWantsIt(t *testing.T) {
	hostile := example()
	hostile.Findings[0].Detail = "\x00\x1b]]>&<\"\uFFFF"
	for name, c := range map[string]*Check{
		"findings": example(), "nothing": {URL: "u", Verdict: probe.OK},
		"blind": {URL: "u", Verdict: probe.Blind}, "hostile": hostile,
	} {
		var b bytes.Buffer
		if err := c.JUnit(&b); err != nil {
			t.Fatal(err)
		}
		for _, p := range junitProblems(b.Bytes()) {
			t.Errorf("%s: %s", name, p)
		}
	}
	if p := junitProblems([]byte(`<testsuite name="a" tests="1" failures="0"><case/></testsuite>`)); len(p) == 0 {
		t.Error("the double accepts anything")
	}
}

// local is a check of files below a folder.
func local() *Check {
	c := example()
	c.Root = "/home/ana/a b"
	c.Playlists = nil
	c.Findings[0].Evidence[0].URL, c.Findings[0].Line = "file:///home/ana/a b/live/100%25 & Ü.m3u8", 8
	c.Findings[1].Evidence[0].URL = "file:///etc/other.m3u8"
	c.Findings[2].Evidence[0].URL, c.Findings[2].Line = "file:///home/ana/a%20b/x.m3u8", 3
	c.Findings[2].Detail = "50 %, a: b\r\nc"
	return c
}

// sarifSchema is the published schema of SARIF 2.1.0, which a library carries in
// its source and does not export.
func sarifSchema(t *testing.T) *gojsonschema.Schema {
	t.Helper()
	where := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}",
		"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif")
	dir, err := where.Output()
	if err != nil {
		t.Fatalf("where the library is: %v", err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "schema.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(source), "`")
	text, _, found := strings.Cut(text, "`")
	if !found {
		t.Fatal("the library does not carry the schema as it did")
	}
	schema, err := gojsonschema.NewSchema(gojsonschema.NewStringLoader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// What we write is valid by the published schema, which allows no field that it
// does not know.
func TestSARIFIsValid(t *testing.T) {
	schema := sarifSchema(t)
	rules := []Rule{
		{
			"upd.stale", "playlist stopped moving", "Doc.", "RFC 8216bis §6.2.1", "What to do:\n1. Look.",
			"https://docs.example/checks/upd.stale.md",
		},
		{"td.exceeded", "x", "y", "TN2235", "", ""},
	}
	for name, c := range map[string]*Check{
		"findings": example(), "nothing": {URL: "u", Verdict: probe.OK}, "local": local(),
		"no URL": {URL: "standard input", Findings: example().Findings[3:]},
	} {
		var b bytes.Buffer
		if err := c.SARIF(&b, "v1.2.3", rules); err != nil {
			t.Fatal(err)
		}
		result, err := schema.Validate(gojsonschema.NewBytesLoader(b.Bytes()))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, e := range result.Errors() {
			t.Errorf("%s: %s", name, e)
		}
	}
	result, err := schema.Validate(gojsonschema.NewStringLoader(`{"version":"2.1.0",` +
		`"runs":[{"tool":{"driver":{"name":"a","x":1}}}]}`))
	if err != nil || result.Valid() {
		t.Errorf("the schema accepts anything: %v", err)
	}
}

// A finding has the same fingerprint in the next run, and no two have the same.
func TestFingerprints(t *testing.T) {
	a, b := example(), example()
	seen := map[string]string{}
	for i := range a.Findings {
		b.Findings[i].Detail, b.Findings[i].Evidence, b.Findings[i].Line = "another", nil, 77
		f := &a.Findings[i]
		if f.fingerprint() != b.Findings[i].fingerprint() {
			t.Errorf("%s: the fingerprint changed with what was seen", f.Check)
		}
		if other, taken := seen[f.fingerprint()]; taken {
			t.Errorf("%s and %s have the same fingerprint", f.Check, other)
		}
		seen[f.fingerprint()] = f.Check
	}
}

func TestSpecURL(t *testing.T) {
	const draft = "https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis"
	const apple = "https://developer.apple.com/documentation/http-live-streaming/"
	for spec, want := range map[string]string{
		"RFC 8216bis §6.2.1, §6.3.4":      draft + "#section-6.2.1",
		"RFC 8216bis Appendix B.1":        draft + "#appendix-B",
		"RFC 8216 §6.2.1":                 "https://www.rfc-editor.org/rfc/rfc8216#section-6.2.1",
		"RFC 9110 §14.4":                  "https://www.rfc-editor.org/rfc/rfc9110#section-14.4",
		"HLS Authoring Specification 8.4": apple + "hls-authoring-specification-for-apple-devices",
		"streamwatch limit":               "",
	} {
		if got := specURL(spec); got != want {
			t.Errorf("%s: got %q, want %q", spec, got, want)
		}
	}
}

func TestGitHub(t *testing.T) {
	var b bytes.Buffer
	if err := local().GitHub(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "local.github.txt", b.Bytes())
	b.Reset()
	if err := local().SARIF(&b, "v1.2.3", nil); err != nil {
		t.Fatal(err)
	}
	golden(t, "local.sarif", b.Bytes())
}
