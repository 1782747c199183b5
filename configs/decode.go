package configs

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// decoder walks a YAML tree along a Go value and notes every problem.
type decoder struct {
	env      func(string) (string, bool)
	problems []Problem
	at       map[string]*yaml.Node // where each value is, for what is found after decoding
	keys     map[string]*yaml.Node // where the free keys of a map are
	broken   map[string]bool       // values that could not be decoded
}

func newDecoder(env func(string) (string, bool)) *decoder {
	return &decoder{env: env, at: map[string]*yaml.Node{}, keys: map[string]*yaml.Node{}, broken: map[string]bool{}}
}

// nodeDecoder is implemented by values that are written in more than one form.
type nodeDecoder interface {
	decodeNode(d *decoder, n *yaml.Node, path string)
}

// defaulter is implemented by parts that have defaults once they are present.
type defaulter interface{ setDefaults() }

// report notes that a value cannot be used.
func (d *decoder) report(n *yaml.Node, path, message, hint string) {
	d.broken[path] = true
	if path == "" {
		path = "the file"
	}
	d.note(n, path, path+" "+message, hint)
}

// maxProblems bounds the report of a file that is something else entirely.
const maxProblems = 200

// note adds a problem, unless the same place already has one.
func (d *decoder) note(n *yaml.Node, path, message, hint string) {
	line, col := max(n.Line, 1), max(n.Column, 1)
	if !slices.ContainsFunc(d.problems, func(q Problem) bool { return q.Path == path && q.Line == line && q.Col == col }) {
		d.add(n, Problem{Path: path, Message: message, Hint: hint})
	}
}

// add adds a problem of a value, and bounds the report.
func (d *decoder) add(n *yaml.Node, p Problem) {
	if len(d.problems) < maxProblems {
		p.Line, p.Col = max(n.Line, 1), max(n.Column, 1)
		d.problems = append(d.problems, p)
	}
}

// unknown notes a key that the schema does not have.
func (d *decoder) unknown(key *yaml.Node, path string, known []string) {
	hint := rule.DidYouMean(key.Value, known)
	if hint == "" && len(known) <= 8 {
		hint = "the keys are " + strings.Join(known, ", ")
	}
	d.note(key, join(path, key.Value), "unknown key "+strconv.Quote(key.Value)+in(path), hint)
}

// into decodes a node into what target points to.
func (d *decoder) into(n *yaml.Node, path string, target any) {
	d.value(n, path, reflect.ValueOf(target).Elem(), "")
}

func (d *decoder) value(n *yaml.Node, path string, v reflect.Value, tag reflect.StructTag) {
	d.at[path] = n
	if !d.plain(n, path) {
		return
	}
	if custom, ok := reflect.TypeAssert[nodeDecoder](v.Addr()); ok {
		custom.decodeNode(d, n, path)
		return
	}
	if v.Type() == reflect.TypeFor[time.Time]() {
		d.scalar(n, path, v, tag)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		part := reflect.New(v.Type().Elem())
		if p, ok := reflect.TypeAssert[defaulter](part); ok {
			p.setDefaults()
		}
		d.value(n, path, part.Elem(), tag)
		v.Set(part)
	case reflect.Struct:
		d.structure(n, path, v)
	case reflect.Slice:
		d.list(n, path, v, tag)
	case reflect.Map:
		d.mapping(n, path, v)
	default:
		d.scalar(n, path, v, tag)
	}
}

// plain refuses the parts of YAML that make one text mean another. Without
// aliases no small file can grow into a large tree.
func (d *decoder) plain(n *yaml.Node, path string) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.report(n, path, "is an alias, which is not allowed", "write the value out")
	case n.Anchor != "":
		d.report(n, path, "has an anchor, which is not allowed", "delete the &name")
	case n.Style&yaml.TaggedStyle != 0:
		d.report(n, path, "has a tag, which is not allowed", "delete the !tag")
	default:
		return true
	}
	return false
}

func (d *decoder) structure(n *yaml.Node, path string, v reflect.Value) {
	fields := map[string]int{}
	meant := map[string]bool{} // keys that are there, misspelt
	var known []string
	for i := range v.NumField() {
		if key := v.Type().Field(i).Tag.Get("yaml"); key != "" {
			fields[key] = i
			known = append(known, key)
		}
	}
	given := d.pairs(n, path, func(key, value *yaml.Node) {
		i, ok := fields[key.Value]
		switch {
		case !ok:
			d.unknown(key, path, known)
			meant[rule.Closest(key.Value, known)] = true
		case null(value) && !isPart(v.Field(i).Type()):
			d.at[join(path, key.Value)] = value // nothing given: the default stands
		default:
			d.value(value, join(path, key.Value), v.Field(i), v.Type().Field(i).Tag)
		}
	})
	if given == nil {
		return
	}
	for _, key := range known {
		f := v.Type().Field(fields[key])
		there := given[key] != nil && (f.Type.Kind() == reflect.Struct || !null(given[key]))
		switch {
		case f.Tag.Get("required") == "" || there:
		case meant[key]:
			d.broken[join(path, key)] = true
		default:
			d.report(cmp.Or(given[key], n), join(path, key), "is required", f.Tag.Get("hint"))
		}
	}
}

// isPart says whether a type is a part with keys of its own, whose presence alone
// means something.
func isPart(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

// pairs walks the keys of a mapping. It returns the value of each key, or nil
// when the node is no mapping.
func (d *decoder) pairs(n *yaml.Node, path string, each func(key, value *yaml.Node)) map[string]*yaml.Node {
	given := map[string]*yaml.Node{}
	if null(n) {
		return given
	}
	if n.Kind != yaml.MappingNode {
		d.report(n, path, "must be a mapping of keys to values, got "+kind(n), "")
		return nil
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind == yaml.ScalarNode && key.Tag == "!!merge":
			d.note(key, join(path, "<<"), "merge keys are not allowed", "write the keys out")
		case key.Kind != yaml.ScalarNode || null(key):
			d.note(key, path, "a key must be a word, got "+kind(key), "")
		case !d.plain(key, join(path, key.Value)):
		case lines[key.Value] != 0:
			what := fmt.Sprintf("duplicate key %q%s, first given in line %d", key.Value, in(path), lines[key.Value])
			d.note(key, join(path, key.Value), what, "delete one of the two")
		default:
			lines[key.Value] = key.Line
			given[key.Value] = value
			each(key, value)
		}
	}
	return given
}

func (d *decoder) list(n *yaml.Node, path string, v reflect.Value, tag reflect.StructTag) {
	if n.Kind != yaml.SequenceNode {
		d.report(n, path, "must be a list, got "+kind(n), "write it as [a, b], or with a dash before each item")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		if p, ok := reflect.TypeAssert[defaulter](out.Index(i).Addr()); ok {
			p.setDefaults()
		}
		d.value(item, index(path, i), out.Index(i), tag)
	}
	v.Set(out)
}

func (d *decoder) mapping(n *yaml.Node, path string, v reflect.Value) {
	out := reflect.MakeMap(v.Type())
	d.pairs(n, path, func(key, value *yaml.Node) {
		d.keys[join(path, key.Value)] = key
		item := reflect.New(v.Type().Elem())
		d.value(value, join(path, key.Value), item.Elem(), "")
		out.SetMapIndex(reflect.ValueOf(key.Value), item.Elem())
	})
	v.Set(out)
}

func null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func in(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

func index(path string, i int) string { return rule.Index(path, i) }

// kind says in words what was written.
func kind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case null(n):
		return "nothing"
	case n.Tag == "!!bool":
		return "true or false"
	case n.Tag == "!!int", n.Tag == "!!float":
		return "a number"
	default:
		return "text"
	}
}
