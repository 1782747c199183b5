package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/record"
)

// object is a part of the OpenAPI document.
type object = map[string]any

// shapes are the types whose JSON the API gives, by their names in the document.
// A type that they hold becomes a part of them.
var shapes = map[string]reflect.Type{
	"Status": reflect.TypeFor[probe.Snapshot](), "Incident": reflect.TypeFor[probe.Incident](),
	"Silence": reflect.TypeFor[probe.Silence](), "SinkHealth": reflect.TypeFor[probe.SinkHealth](),
	"Alarm": reflect.TypeFor[Alarm](), "Fault": reflect.TypeFor[Fault](), "ActiveFault": reflect.TypeFor[ActiveFault](),
	"FaultRequest": reflect.TypeFor[faultRequest](), "SilenceRequest": reflect.TypeFor[silenceRequest](),
	"DeedRequest": reflect.TypeFor[deedRequest](), "EventChange": reflect.TypeFor[Change](),
	"ChangeRefusal": reflect.TypeFor[Refusal](), "Served": reflect.TypeFor[record.Served](),
}

// requests are the shapes whose keys may all be left out.
var requests = map[string]bool{"FaultRequest": true, "SilenceRequest": true, "DeedRequest": true}

// shapeWriter makes schemas from types, their tags and their comments.
type shapeWriter struct {
	t      *testing.T
	docs   map[string]string            // comment of each type, by package and name: some names are of two
	fields map[string]map[string]string // comment of each field of each type
	enums  map[string][]string          // values of the constants of each type
	names  map[reflect.Type]string      // of what has a schema of its own
}

// writeShapes returns components/schemas, as far as Go types say them.
func writeShapes(t *testing.T) object {
	t.Helper()
	w := &shapeWriter{
		t, map[string]string{}, map[string]map[string]string{}, map[string][]string{}, map[reflect.Type]string{},
	}
	for _, folder := range []string{".", "..", "../record"} {
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !strings.HasSuffix(name, "_test.go") {
				w.read(name)
			}
		}
	}
	for name, typ := range shapes {
		w.names[typ] = name
	}
	out := object{}
	for name, typ := range shapes {
		out[name] = w.structure(typ, requests[name])
	}
	// Points have a form of their own: see probe.Point.
	point := object{"at": instant(), "count": object{"type": "integer"}}
	for _, key := range []string{"min", "max", "mean", "last"} {
		point[key] = object{"type": "number"}
	}
	out["Point"] = object{
		"type": "object", "description": w.docs["probe.Point"], "properties": point,
		"required": []string{"at", "min", "max", "mean", "last", "count"},
	}
	return out
}

// read notes the comments and the constants of one file.
func (w *shapeWriter) read(name string) {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range g.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				name := file.Name.Name + "." + s.Name.Name
				w.docs[name] = strings.Join(strings.Fields(g.Doc.Text()+s.Doc.Text()), " ")
				if fields, ok := s.Type.(*ast.StructType); ok {
					of := map[string]string{}
					for _, f := range fields.Fields.List {
						for _, name := range f.Names {
							of[name.Name] = strings.Join(strings.Fields(f.Doc.Text()+" "+f.Comment.Text()), " ")
						}
					}
					w.fields[name] = of
				}
			case *ast.ValueSpec:
				typ, ok := s.Type.(*ast.Ident)
				if !ok || len(s.Values) != 1 {
					continue
				}
				if text, ok := s.Values[0].(*ast.BasicLit); ok && text.Kind == token.STRING {
					value, _ := strconv.Unquote(text.Value)
					name := file.Name.Name + "." + typ.Name
					w.enums[name] = append(w.enums[name], value)
				}
			}
		}
	}
}

func (w *shapeWriter) structure(typ reflect.Type, request bool) object {
	properties, required := object{}, []string{}
	for f := range typ.Fields() {
		key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		p := w.value(f.Type)
		if text := w.fields[typ.String()][f.Name]; text != "" {
			p["description"] = text
		}
		properties[key] = p
		// The MarshalJSON of a snapshot leaves out what is unset.
		unset := typ == reflect.TypeFor[probe.Snapshot]() && (key == "starts" || key == "ends")
		if !strings.HasPrefix(options, "omit") && !request && !unset {
			required = append(required, key)
		}
	}
	if typ == reflect.TypeFor[probe.SinkHealth]() { // its MarshalJSON adds it
		properties["ok"] = object{"type": "boolean"}
	}
	s := object{"type": "object", "properties": properties, "description": w.docs[typ.String()]}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// value is the schema of one value.
func (w *shapeWriter) value(typ reflect.Type) object {
	switch typ {
	case reflect.TypeFor[time.Time]():
		return instant()
	case reflect.TypeFor[probe.Severity]():
		return object{"type": "string", "enum": []string{"info", "warning", "error", "critical"}}
	case reflect.TypeFor[probe.PlaylistKind]():
		return object{"type": "string", "enum": []string{"media", "multivariant", "unknown"}}
	case reflect.TypeFor[probe.Side]():
		return object{"type": "string", "enum": []string{"edge", "origin", ""}}
	}
	if name := w.names[typ]; name != "" {
		return object{"$ref": "#/components/schemas/" + name}
	}
	if strings.HasPrefix(typ.Name(), "Fact[") {
		s := w.value(typ.Field(0).Type)
		s["type"] = []any{s["type"], "null"}
		return s
	}
	switch typ.Kind() {
	case reflect.Pointer:
		s := w.value(typ.Elem())
		if s["$ref"] != nil {
			return object{"anyOf": []any{s, object{"type": "null"}}}
		}
		if _, many := s["type"].(string); many {
			s["type"] = []any{s["type"], "null"}
		}
		return s
	case reflect.Struct:
		return w.structure(typ, false)
	case reflect.Slice:
		return object{"type": "array", "items": w.value(typ.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": w.value(typ.Elem())}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.String:
		s := object{"type": "string"}
		if enum := w.enums[typ.String()]; typ.PkgPath() != "" && len(enum) > 0 {
			s["enum"] = append(enum, "") // not every place that has one knows it
		}
		return s
	case reflect.Int, reflect.Int64, reflect.Uint64:
		if typ == reflect.TypeFor[time.Duration]() {
			return object{"type": "number", "description": "seconds"}
		}
		return object{"type": "integer"}
	default:
		w.t.Fatalf("no schema is known for the type %s", typ)
		return nil
	}
}

func instant() object {
	return object{"type": []any{"string", "null"}, "format": "date-time"}
}

// merged returns the document with the schemas that Go types say in it.
func merged(doc, written object) object {
	components := doc["components"].(object)              //nolint:forcetypeassert // the document has them
	schemas := maps.Clone(components["schemas"].(object)) //nolint:forcetypeassert // likewise
	maps.Copy(schemas, written)
	components["schemas"] = schemas
	return doc
}
