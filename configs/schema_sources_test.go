package configs

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/provision"
)

// schemaWriter makes the schema from the types, their tags and their comments.
type schemaWriter struct {
	t      *testing.T
	types  map[string]string            // comment of each type
	fields map[string]map[string]string // comment of each field of each type
	full   map[string]string            // comment of each key in full.yaml, by path
	defs   object                       // parts that stand in several places
	limits map[string]rule.Limit        // what values may be, by path
	rules  map[string]bool              // paths of patterns and limits that were met
}

func newSchemaWriter(t *testing.T) *schemaWriter {
	t.Helper()
	w := &schemaWriter{
		t, map[string]string{}, map[string]map[string]string{}, map[string]string{}, object{}, limits(), map[string]bool{},
	}
	text, err := os.ReadFile("full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	root, bad := document(optional.ReplaceAll(text, []byte("$1")))
	if bad != nil {
		t.Fatal(bad)
	}
	w.remarks("", root)
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				w.comments(g)
			}
		}
	}
	return w
}

// remarks notes what full.yaml says of each key.
func (w *schemaWriter) remarks(path string, n *yaml.Node) {
	for i, item := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			w.remarks(path+"[]", item)
		case i%2 == 0:
			at, value := join(path, item.Value), n.Content[i+1]
			remark := strings.TrimPrefix(cmp.Or(item.LineComment, value.LineComment), "# ")
			w.full[at] = strings.TrimPrefix(remark, "required: ")
			w.remarks(at, value)
		}
	}
}

func (w *schemaWriter) comments(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		typ := spec.(*ast.TypeSpec) //nolint:forcetypeassert // token.TYPE holds these
		w.types[typ.Name.Name] = strings.Join(strings.Fields(g.Doc.Text()), " ")
		s, ok := typ.Type.(*ast.StructType)
		if !ok {
			continue
		}
		of := map[string]string{}
		w.fields[typ.Name.Name] = of
		for _, f := range s.Fields.List {
			for _, name := range f.Names {
				of[name.Name] = strings.Join(strings.Fields(f.Doc.Text()+" "+f.Comment.Text()), " ")
			}
		}
	}
}

// describe returns the comment of a field, else what full.yaml says of its key,
// else the comment of its type.
func (w *schemaWriter) describe(of reflect.Type, f reflect.StructField, path string) string {
	text := cmp.Or(w.fields[of.Name()][f.Name], w.full[path])
	if t := f.Type; text == "" {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		text = w.types[t.Name()]
	}
	if text == "" {
		w.t.Errorf("%s.%s has no comment, neither in Go nor in full.yaml: editors show it of %s", of.Name(), f.Name, path)
	}
	if low, high, ok := strings.Cut(cmp.Or(f.Tag.Get("range"), w.limits[path].Range), ".."); ok {
		text += " (" + low + " to " + high + ")"
	}
	return text
}

// patterns are the forms that Parse holds single values to, by path.
var patterns = map[string]*regexp.Regexp{
	"event":                                 eventName,
	"streams[].name":                        streamName,
	"distribution.existing.distribution_id": distributionID,
	"distribution.existing.sign.private_key_secret":       secretARN,
	"distribution.cloudformation.sign.private_key_secret": secretARN,
}

// parts are rules of parts, by path.
var parts = map[string]object{
	"distribution":       {"minProperties": 1, "maxProperties": 1},
	"player.kinds":       {"uniqueItems": true},
	"streams[].manifest": {"pattern": `^(/|https?://)|` + expands},
}

// limits are what provision and player say of values, by path.
func limits() map[string]rule.Limit {
	all := provision.Limits()
	maps.Copy(all, player.Limits())
	return all
}
