package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxFileBytes bounds event.yaml. The largest sensible one has a few KiB.
const maxFileBytes = 1 << 20

// Load reads and checks an event file, and the files of streams that belong to
// it: what is wrong with those is no error, and Aside has it. env is os.LookupEnv
// or a stand-in for it. An error is *Problems when the file could be read and is
// wrong. Where only values are not allowed, the event comes beside it, for those
// who know of more that is wrong: see Locate.
func Load(path string, env func(string) (string, bool)) (*Event, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the event file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the event file: %w", err)
	}
	return read(filepath.Base(path), text, filepath.Dir(path), path, env)
}

// Read is Load for the text of an event file. Names of other files count from dir.
func Read(name string, text []byte, dir string, env func(string) (string, bool)) (*Event, error) {
	return read(name, text, dir, "", env)
}

func read(name string, text []byte, dir, file string, env func(string) (string, bool)) (*Event, error) {
	event, problems := parseEvent(name, text, env)
	if event == nil {
		return nil, problems
	}
	event.file = file
	event = event.gather(dir, env, nil, problems)
	if len(problems.List) > 0 {
		return event, problems
	}
	return event, nil
}

// Parse checks the text of an event file, whose name stands before each
// problem. The streams of other files are not among its own yet: see Gather. An
// error is always *Problems.
func Parse(name string, text []byte, env func(string) (string, bool)) (*Event, error) {
	event, problems := parseEvent(name, text, env)
	if len(problems.List) > 0 {
		return nil, problems
	}
	return event, nil
}

// parseEvent is Parse that returns the event, too, where only values are not allowed.
func parseEvent(name string, text []byte, env func(string) (string, bool)) (*Event, *Problems) {
	problems := &Problems{Name: name}
	root, bad := document(text)
	if bad != nil {
		problems.List = []Problem{*bad}
		return nil, problems
	}
	event := Default()
	d := newDecoder(env)
	d.into(root, "", &event)
	m, stack := event.Metrics.CloudWatch, event.Distribution.CloudFormation
	if m != nil && stack != nil && d.at["metrics.cloudwatch.region"] == nil {
		m.Region = stack.Region // its alarms see no other metrics
	}
	d.validate(&event)
	shape := len(d.problems)
	d.hold(event.owners())
	problems.List = d.problems
	problems.sort()
	if shape > 0 {
		return nil, problems
	}
	event.lines, event.name = map[string][2]int{}, name
	for path, n := range d.at {
		event.lines[path] = [2]int{max(n.Line, 1), max(n.Column, 1)}
	}
	return &event, problems
}

// Locate gives problems that were found elsewhere, by path, their place in the
// file that the event was loaded from: that of the value, or of the closest
// part above it that the file has. Those that have a place keep it, and none is
// there twice. name is the file as the user named it.
func (e *Event) Locate(name string, found []Problem) *Problems {
	problems := &Problems{Name: name}
	for _, p := range found {
		if p.Line == 0 {
			at := p.Path
			for at != "" && e.lines[at] == ([2]int{}) {
				at = at[:max(strings.LastIndexAny(at, ".["), 0)]
			}
			p.Line, p.Col = max(e.lines[at][0], 1), max(e.lines[at][1], 1)
			p.Got = "" // what the file writes is not known any more, and a value may be a secret
		}
		problems.add(p)
	}
	problems.sort()
	return problems
}

// document returns the one mapping that a file must hold.
func document(text []byte) (*yaml.Node, *Problem) {
	if bad := readable(text); bad != nil {
		return nil, bad
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, &Problem{Line: 1, Col: 1, Message: "the file is empty", Hint: smallest}
	case err != nil:
		return nil, syntax(err, text)
	}
	switch err := dec.Decode(&next); {
	case err == nil:
		return nil, &Problem{
			Line: next.Line, Col: 1, Message: "a second document begins here",
			Hint: oneEvent,
		}
	case !errors.Is(err, io.EOF):
		return nil, syntax(err, text)
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, &Problem{Line: 1, Col: 1, Message: "the file is empty", Hint: smallest}
	}
	return root, nil
}

// Hints of document, which suit an event file only.
const (
	smallest = "the smallest file has event, origin.url, distribution and one stream"
	oneEvent = "write one event to a file"
)

// readable finds what no YAML reader should be given.
func readable(text []byte) *Problem {
	switch {
	case len(text) > maxFileBytes:
		return &Problem{Line: 1, Col: 1, Message: "the file is larger than 1 MiB"}
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}), bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		return &Problem{Line: 1, Col: 1, Message: "the file is UTF-16", Hint: "save it as UTF-8"}
	}
	line, col := 1, 1
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			return &Problem{Line: line, Col: col, Message: "the file is not UTF-8", Hint: "save it as UTF-8"}
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r == 0x7f:
			return &Problem{
				Line: line, Col: col, Message: fmt.Sprintf("control character %U", r),
				Hint: "delete it, or write it as an escape in double quotes",
			}
		case r == '\n':
			line, col = line+1, 0
		}
		col++
		text = text[n:]
	}
	return nil
}

var (
	syntaxLine = regexp.MustCompile(`^line (\d+): `)
	// fromParser tells the reader's errors that count lines from 0 from those
	// that count from 1.
	fromParser = regexp.MustCompile(`^did not find expected (<|node content|'-' indicator|key|',' or)`)
	noAnchor   = regexp.MustCompile(`^unknown anchor '(.+)' referenced`)
)

// syntax turns the message of the YAML reader into a problem.
func syntax(err error, text []byte) *Problem {
	p := &Problem{Line: 1, Col: 1, Hint: "the file may be half-written; check indentation, quotes and brackets"}
	p.Message = strings.TrimPrefix(err.Error(), "yaml: ")
	if line, col := tabbed(text); line > 0 {
		p.Line, p.Col = line, col
		p.Message, p.Hint = "not YAML: a tab indents this line", "indent with spaces: YAML takes no tabs"
		return p
	}
	if m := syntaxLine.FindStringSubmatch(p.Message); m != nil {
		p.Line, _ = strconv.Atoi(m[1]) // the pattern holds digits only
		p.Message = p.Message[len(m[0]):]
		if fromParser.MatchString(p.Message) {
			p.Line = min(p.Line+1, 1+bytes.Count(bytes.TrimRight(text, "\n"), []byte("\n"))) // the end is no line
		}
	}
	if m := noAnchor.FindStringSubmatch(p.Message); m != nil {
		if before, _, found := bytes.Cut(text, []byte("*"+m[1])); found {
			p.Line, p.Col = 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n')
		}
	}
	p.Message = "not YAML: " + p.Message
	return p
}

// tabbed returns the place of the first tab that indents a line, 0 for none.
func tabbed(text []byte) (line, col int) {
	for each := range bytes.Lines(text) {
		line++
		indent := each[:len(each)-len(bytes.TrimLeft(each, " \t"))]
		if i := bytes.IndexByte(indent, '\t'); i >= 0 && len(bytes.TrimSpace(each)) > 0 {
			return line, i + 1
		}
	}
	return 0, 0
}
