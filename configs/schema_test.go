package configs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	mistake "github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/tools/txtar"
	"gopkg.in/yaml.v3"
)

// TestSchemaIsCurrent holds the schema to the types, their tags and their comments.
func TestSchemaIsCurrent(t *testing.T) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(newSchemaWriter(t).write()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("event.schema.json", b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(b.Bytes(), Schema()) {
		t.Error("event.schema.json is old: run go generate ./configs")
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("event.schema.json") // which -update may just have written
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("event.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("event.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSchemaTakesTheExamples validates every shipped file, full.yaml also with
// its optional parts, and requires the line by which editors find the schema.
func TestSchemaTakesTheExamples(t *testing.T) {
	s := compiled(t)
	names, err := filepath.Glob("*.yaml")
	if err != nil || len(names) < 3 {
		t.Fatalf("found %v, %v", names, err)
	}
	for _, name := range names {
		shipped, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(shipped, []byte("# yaml-language-server: $schema=event.schema.json\n")) {
			t.Errorf("%s does not begin with the line that tells editors of the schema", name)
		}
		for _, text := range [][]byte{shipped, optional.ReplaceAll(shipped, []byte("$1"))} {
			for _, bad := range complaints(t, s, text) {
				// full.yaml with all three kinds of distribution is the one thing that no event may be.
				if bad.path != "distribution" || bytes.Equal(text, shipped) {
					t.Errorf("%s: the schema refuses %+v", name, bad)
				}
			}
		}
	}
}

// TestSchemaSeesMistakes validates every file of testdata/problems.txtar: the
// schema may only complain where Parse does, and the golden file says which of
// the problems a schema does not see.
func TestSchemaSeesMistakes(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "problems.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	s := compiled(t)
	lookup := env("PORT=8080", "SECRET=hunter2", "BAD=hunter2 is not a port", "EMPTY=")
	got := new(strings.Builder)
	got.WriteString("Of the problems in problems.txtar, those that only streamwatch validate finds: a schema does\n" +
		"not compare values, count bytes or know the environment. `make golden` rewrites this file.\n")
	for i := 0; i < len(archive.Files); i += 2 {
		file := archive.Files[i]
		_, err := Parse("event.yaml", file.Data, lookup)
		problems := new(Problems)
		_ = errors.As(err, &problems)
		seen := complaints(t, s, file.Data)
		for _, c := range seen {
			if !slices.ContainsFunc(problems.List, func(p Problem) bool { return c.about(p.Path) }) {
				t.Errorf("%s: the schema refuses %+v, and Parse does not:\n%v", file.Name, c, err)
			}
		}
		fmt.Fprintf(got, "\n%s\n", file.Name)
		for _, p := range problems.List {
			if !slices.ContainsFunc(seen, func(c complaint) bool { return c.about(p.Path) }) {
				fmt.Fprintf(got, "  %d:%d: %s\n", p.Line, p.Col, p)
			}
		}
	}
	path := filepath.Join("testdata", "unseen.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s", got)
	}
}

// complaint is a place that the schema refuses.
type complaint struct {
	path  string // as Parse writes it, or, with name, unknown
	whole bool   // nothing of what is at path was looked at
	name  string // key of a mapping that it refuses
}

// about reports whether a complaint is about the place of a problem.
func (c complaint) about(path string) bool {
	switch {
	case c.name != "":
		return strings.HasSuffix(path, "."+c.name)
	case c.whole && strings.HasPrefix(path, c.path+"."):
		return true
	default:
		return path == c.path || path == "the file" || strings.HasPrefix(c.path, path+".") ||
			strings.HasPrefix(c.path, path+"[")
	}
}

// complaints returns the paths at which the schema refuses a file, as Parse
// writes them. A file that is not YAML has none.
func complaints(t *testing.T, s *jsonschema.Schema, text []byte) []complaint {
	t.Helper()
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	err := s.Validate(plainValue(doc.Content[0]))
	bad, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return nil
	}
	var found []complaint
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		at := ""
		for _, step := range e.InstanceLocation {
			if n, err := strconv.Atoi(step); err == nil {
				at = index(at, n)
			} else {
				at = join(at, step)
			}
		}
		switch k := e.ErrorKind.(type) {
		case *mistake.AdditionalProperties:
			for _, p := range k.Properties {
				found = append(found, complaint{path: join(at, p)})
			}
		case *mistake.Required:
			for _, p := range k.Missing {
				found = append(found, complaint{path: join(at, p)})
			}
		case *mistake.UniqueItems:
			found = append(found, complaint{path: index(at, k.Duplicates[1])})
		case *mistake.PropertyNames:
			found = append(found, complaint{name: k.Property})
		case *mistake.AnyOf:
			if k, ok := e.Causes[0].ErrorKind.(*mistake.Required); ok { // one of several keys: the first will do
				at = join(at, k.Missing[0])
			}
			found = append(found, complaint{path: at})
		case *mistake.Type:
			found = append(found, complaint{path: at, whole: true})
		default:
			if len(e.Causes) == 0 {
				found = append(found, complaint{path: at})
			}
			for _, c := range e.Causes {
				walk(c)
			}
		}
	}
	walk(bad)
	return found
}

// plainValue is a tree of YAML as an editor hands it to a schema.
func plainValue(n *yaml.Node) any {
	switch n.Kind {
	case yaml.AliasNode:
		return plainValue(n.Alias)
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, plainValue(item))
		}
		return list
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plainValue(n.Content[i+1])
		}
		return m
	default:
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		return json.Number(n.Value)
	default:
		return n.Value
	}
}
