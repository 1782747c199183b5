package configs

import (
	"cmp"
	"maps"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// object is a part of the schema.
type object = map[string]any

// Patterns of values, as texts that may also hold ${NAME}.
const (
	expands   = `\$\{`
	durations = `^[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$`
	times     = `^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}([.,]\d+)?(Z|[+-]\d{2}:\d{2})$`
	integers  = `^[+-]?\d+$`
	booleans  = `^([Tt]rue|TRUE|[Ff]alse|FALSE)$`
	sizes     = `^\d+ *(KiB|MiB|bytes)?$`
	addresses = `^https?://`
)

// write returns the whole schema.
func (w *schemaWriter) write() object {
	s := w.structure("", reflect.ValueOf(Default()))
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$defs"] = w.defs
	s["anyOf"] = []any{object{"required": []string{"streams"}}, object{"required": []string{"streams_from"}}}
	s["title"] = "streamwatch event file"
	s["$comment"] = "Written by `go generate ./configs` from the Go types; `streamwatch schema` prints it."
	for path := range maps.Keys(patterns) {
		if !w.rules[path] {
			w.t.Errorf("the schema has a pattern for %s, which is no key", path)
		}
	}
	for path := range maps.Keys(parts) {
		if !w.rules[path] {
			w.t.Errorf("the schema has a rule for %s, which is no key", path)
		}
	}
	for path := range maps.Keys(w.limits) {
		if !w.rules[path] {
			w.t.Errorf("there is a limit for %s, which is no key", path)
		}
	}
	return s
}

// structure is the schema of a part, whose defaults v holds.
func (w *schemaWriter) structure(path string, v reflect.Value) object {
	properties, required := object{}, []string{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		at := join(path, key)
		p := w.value(at, v.Field(i), f.Tag)
		p["description"] = w.describe(v.Type(), f, at)
		if f.Tag.Get("required") != "" {
			required = append(required, key)
			if f.Type.Kind() == reflect.Slice {
				p["minItems"] = 1
			}
		} else if types, ok := p["type"].([]string); ok && !isPart(f.Type) {
			p["type"] = append(types, "null") // nothing given: the default stands
		}
		properties[key] = p
	}
	s := object{"type": []string{"object"}, "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	} else if path != "" {
		s["type"] = []string{"object", "null"}
	}
	return s
}

// value is the schema of one value, whose default v holds.
func (w *schemaWriter) value(path string, v reflect.Value, tag reflect.StructTag) object {
	s := w.kind(path, v, tag)
	if part, ok := parts[path]; ok {
		w.rules[path] = true
		maps.Copy(s, part)
	}
	if most := w.limits[path].Most; most > 0 {
		w.rules[path] = true
		s[map[reflect.Kind]string{reflect.Slice: "maxItems", reflect.Map: "maxProperties"}[v.Kind()]] = most
	}
	if text := written(v); text != nil && tag.Get("required") == "" && !strings.HasSuffix(path, "[]") {
		s["default"] = text
	}
	return s
}

func (w *schemaWriter) kind(path string, v reflect.Value, tag reflect.StructTag) object {
	switch v.Interface().(type) {
	case time.Time:
		return text(times)
	case time.Duration:
		_, owned := w.limits[path]
		w.rules[path] = w.rules[path] || owned
		return number("integer", durations, 0, 0) // a 0 needs no unit
	case Interval:
		return object{"type": []string{"string"}, "pattern": "^auto$|" + durations + "|" + expands}
	case Size:
		return number("integer", sizes, leastSize, mostSize)
	case Space:
		return number("integer", strings.Replace(sizes, "KiB|MiB", "KiB|MiB|GiB", 1), leastSpace, mostSpace)
	case Recordings:
		part := w.structure(path, v)
		part["type"], part["pattern"] = []string{"object", "string", "boolean", "null"}, "^(off|false)$"
		part["not"] = object{"const": true}
		return part
	case CheckSeverity:
		return words("off", "info", "warning", "error", "critical")
	case Renditions:
		s := text("^(all|first)$")
		s["type"], s["items"], s["minItems"] = []string{"string", "array"}, anyText(), 1
		return s
	case Vantages:
		s := text("^any$")
		s["type"], s["items"] = []string{"string", "array"}, text(vantageName.String())
		return s
	case URL:
		if strings.HasPrefix(path, "fleet.nats") {
			return text("^(nats|tls|wss?)://")
		}
		if tag.Get("required") == "" {
			return text("^$|" + addresses)
		}
		return text(addresses)
	}
	if _, own := reflect.TypeAssert[nodeDecoder](reflect.New(v.Type())); own {
		w.t.Errorf("%s has the type %s, which reads its own YAML: give it a schema here", path, v.Type().Name())
	}
	switch v.Kind() {
	case reflect.Pointer:
		part := reflect.New(v.Type().Elem())
		if p, ok := reflect.TypeAssert[defaulter](part); ok {
			p.setDefaults()
		}
		return w.kind(path, part.Elem(), tag)
	case reflect.Struct:
		return w.structure(path, v)
	case reflect.Slice:
		item := reflect.New(v.Type().Elem())
		if p, ok := reflect.TypeAssert[defaulter](item); ok {
			p.setDefaults()
		}
		return object{"type": []string{"array"}, "items": w.value(path+"[]", item.Elem(), tag)}
	case reflect.Map:
		return w.mapping(path, v)
	default:
		return w.scalar(path, v, tag)
	}
}

// mapping is the schema of a part with free keys: checks, or names of headers.
func (w *schemaWriter) mapping(path string, v reflect.Value) object {
	item := w.value(path+".*", reflect.New(v.Type().Elem()).Elem(), "")
	if v.Type().Elem() != reflect.TypeFor[Check]() {
		s := object{"type": []string{"object"}, "additionalProperties": item}
		if v.Type().Elem() == reflect.TypeFor[Secret]() {
			s["propertyNames"] = object{"pattern": headerName.String()}
		}
		return s
	}
	w.defs["check"] = item
	known, short := object{}, []string{}
	for _, c := range checks.All() {
		known[c.ID] = object{"$ref": "#/$defs/check", "description": c.Summary}
		if _, last, ok := strings.Cut(c.ID, "."); ok && len(checks.Meant(last)) == 1 {
			short = append(short, regexp.QuoteMeta(last))
		}
	}
	w.defs["checks"] = object{ // those of the event, and of each stream
		"type": []string{"object", "null"}, "properties": known, "additionalProperties": false,
		"patternProperties": object{"^(" + strings.Join(short, "|") + ")$": object{"$ref": "#/$defs/check"}},
	}
	return object{"$ref": "#/$defs/checks"}
}

func (w *schemaWriter) scalar(path string, v reflect.Value, tag reflect.StructTag) object {
	limit, owned := w.limits[path]
	w.rules[path] = w.rules[path] || owned
	if enum := append(strings.Fields(tag.Get("enum")), limit.Words...); len(enum) > 0 {
		if limit.Empty {
			enum = append(enum, "")
		}
		return words(enum...)
	}
	low, high, bounded := strings.Cut(cmp.Or(tag.Get("range"), limit.Range), "..")
	from, err := strconv.ParseFloat(low, 64)
	to, err2 := strconv.ParseFloat(high, 64)
	if bounded && (err != nil || err2 != nil) {
		w.t.Errorf("%s has a range that is none", path)
	}
	if limit.Empty {
		from = min(from, 0)
	}
	switch v.Kind() {
	case reflect.Bool:
		return object{"type": []string{"boolean", "string"}, "pattern": booleans + "|" + expands}
	case reflect.Int:
		return number("integer", integers, from, to)
	case reflect.Float64:
		return number("number", `^[+-]?[0-9.]`, from, to)
	case reflect.String:
		return w.text(path, v, tag, limit)
	default:
		w.t.Fatalf("%s has the type %s, which no schema is known for", path, v.Type())
		return nil
	}
}

func (w *schemaWriter) text(path string, v reflect.Value, tag reflect.StructTag, limit rule.Limit) object {
	form := cmp.Or(patterns[path], limit.Form)
	switch {
	case patterns[path] != nil:
		w.rules[path] = true
		limit.Empty = v.String() == "" && tag.Get("required") == "" && !strings.HasSuffix(path, "[]")
	case path == "alarms.stack_name":
		limit.Empty = true // has a name by itself
	}
	switch {
	case form == nil && limit.Long > 0:
		s := anyText()
		s["maxLength"] = limit.Long
		return s
	case form == nil:
		return anyText()
	case limit.Empty:
		return text("^$|" + form.String())
	default:
		return text(form.String())
	}
}

// anyText is what Parse takes as a text: a number or a word such as true is one too.
func anyText() object { return object{"type": []string{"string", "number", "boolean"}} }

func text(pattern string) object {
	s := anyText()
	s["pattern"] = pattern + "|" + expands
	return s
}

// number is a number, or a text that is read as one.
func number(kind, pattern string, from, to float64) object {
	return object{"type": []string{kind, "string"}, "pattern": pattern + "|" + expands, "minimum": from, "maximum": to}
}

func words(enum ...string) object {
	return object{"anyOf": []any{object{"enum": enum}, object{"type": "string", "pattern": expands}}}
}

// written is how a default is written in YAML, nil for none.
func written(v reflect.Value) any {
	switch d := v.Interface().(type) {
	case time.Duration:
		return rule.Written(d)
	case Interval:
		return d.String()
	case Size:
		return d.String()
	case Space:
		return d.String()
	case Renditions:
		if d.All {
			return "all"
		}
	case Vantages:
		return nil
	case bool, int, float64:
		return d
	case string:
		if d != "" {
			return d
		}
	case []string:
		if d != nil {
			return d
		}
	}
	return nil
}
