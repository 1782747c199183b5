package awstest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
)

//go:embed schema.json
var schemaJSON []byte

// Limits of CloudFormation.
const (
	maxTemplateBytes = 51_200
	maxResources     = 500
	maxOutputs       = 200
)

type schema struct {
	Resources map[string]struct {
		Attributes []string
		Properties map[string]property
	}
	Types map[string]map[string]property
}

// property says what a value may be; exactly one of Ref, Array, Map, Union and
// Kind is set.
type property struct {
	Ref      string
	Array    *property
	Map      *property
	Union    []property
	Kind     string
	Allowed  []any
	Required bool
	Replaces bool
}

type template struct {
	Parameters map[string]templateParameter
	Resources  map[string]templateResource
	Outputs    map[string]struct{ Value any }
}

type templateParameter struct {
	Type, AllowedPattern string
	Default              any
	MinLength, MaxLength int
	MinValue, MaxValue   float64
	NoEcho               bool
}

type templateResource struct {
	Type           string
	DependsOn      any
	DeletionPolicy string
	Properties     map[string]any
}

// CheckTemplate returns what the schemas of the resources, and the rules for
// references, find wrong in a template.
func CheckTemplate(body []byte) []string {
	var s schema
	if err := json.Unmarshal(schemaJSON, &s); err != nil {
		return []string{"schema: " + err.Error()}
	}
	var t template
	if err := json.Unmarshal(body, &t); err != nil {
		return []string{"template: " + err.Error()}
	}
	c := &checker{schema: s, template: t}
	c.note(len(body) <= maxTemplateBytes, "template", "%d bytes, limit %d", len(body), maxTemplateBytes)
	c.note(len(t.Resources) > 0 && len(t.Resources) <= maxResources, "Resources", "%d of them", len(t.Resources))
	c.note(len(t.Outputs) <= maxOutputs, "Outputs", "%d of them", len(t.Outputs))
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[id]
		known, ok := s.Resources[r.Type]
		c.note(ok, id, "type %q is not in the schema slice", r.Type)
		c.note(alphanumeric.MatchString(id), id, "a logical id is alphanumeric")
		c.object(id, r.Properties, known.Properties)
	}
	for _, id := range slices.Sorted(maps.Keys(t.Outputs)) {
		c.note(alphanumeric.MatchString(id), "Outputs."+id, "a logical id is alphanumeric")
		c.references("Outputs."+id, t.Outputs[id].Value)
	}
	for id := range t.Parameters {
		c.note(alphanumeric.MatchString(id), "Parameters."+id, "a logical id is alphanumeric")
		c.note(c.used[id], "Parameters."+id, "is not used")
	}
	slices.Sort(c.problems)
	return c.problems
}

var (
	alphanumeric = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)
	placeholder  = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)
)

type checker struct {
	schema   schema
	template template
	used     map[string]bool
	problems []string
}

func (c *checker) note(ok bool, path, format string, args ...any) {
	if !ok {
		c.problems = append(c.problems, path+": "+fmt.Sprintf(format, args...))
	}
}

func (c *checker) object(path string, got map[string]any, want map[string]property) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		_, given := got[name]
		c.note(given || !want[name].Required, path, "%s is required", name)
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		p, ok := want[name]
		c.note(ok, path, "no property %s", name)
		if ok {
			c.value(path+"."+name, got[name], p)
		}
	}
}

func (c *checker) value(path string, got any, want property) {
	if isIntrinsic(got) {
		c.references(path, got)
		return
	}
	switch {
	case want.Ref != "":
		obj, ok := got.(map[string]any)
		if c.note(ok, path, "want an object, got %v", got); ok {
			c.object(path, obj, c.schema.Types[want.Ref])
		}
	case want.Array != nil:
		list, ok := got.([]any)
		c.note(ok, path, "want a list, got %v", got)
		for i, v := range list {
			c.value(fmt.Sprintf("%s[%d]", path, i), v, *want.Array)
		}
	case want.Map != nil, len(want.Union) > 0, want.Kind == "json":
		c.references(path, got)
	default:
		c.note(fits(got, want.Kind), path, "want a %s, got %v", want.Kind, got)
		c.note(len(want.Allowed) == 0 || slices.Contains(want.Allowed, got), path, "%v is none of %v", got, want.Allowed)
	}
}

func fits(got any, kind string) bool {
	switch v := got.(type) {
	case string:
		return kind == "string" || kind == "date-time"
	case bool:
		return kind == "boolean"
	case float64:
		return kind == "number" || kind == "integer" && v == math.Trunc(v)
	case map[string]any:
		return kind == "tag" && v["Key"] != nil && v["Value"] != nil
	}
	return false
}

func isIntrinsic(v any) bool {
	obj, ok := v.(map[string]any)
	if !ok || len(obj) != 1 {
		return false
	}
	for key := range obj {
		return key == "Ref" || strings.HasPrefix(key, "Fn::")
	}
	return false
}

// references follows every reference below v.
func (c *checker) references(path string, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			c.references(path, e)
		}
	case map[string]any:
		for key, e := range v {
			switch key {
			case "Ref":
				c.refers(path, fmt.Sprint(e))
			case "Fn::GetAtt":
				c.attribute(path, e)
			case "Fn::Sub":
				c.substitutes(path, e)
			default:
				c.references(path, e)
			}
		}
	}
}

func (c *checker) substitutes(path string, v any) {
	text, ok := v.(string)
	c.note(ok, path, "Fn::Sub with variables is not known to this check")
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if id, name, dotted := strings.Cut(m[1], "."); dotted {
			c.attribute(path, []any{id, name})
		} else {
			c.refers(path, m[1])
		}
	}
}

func (c *checker) refers(path, id string) {
	if c.used == nil {
		c.used = map[string]bool{}
	}
	c.used[id] = true
	_, parameter := c.template.Parameters[id]
	_, resource := c.template.Resources[id]
	c.note(parameter || resource || strings.HasPrefix(id, "AWS::"), path, "refers to %s, which is not there", id)
}

func (c *checker) attribute(path string, v any) {
	pair, ok := v.([]any)
	if c.note(ok && len(pair) == 2, path, "Fn::GetAtt of %v", v); !ok || len(pair) != 2 {
		return
	}
	id, name := fmt.Sprint(pair[0]), fmt.Sprint(pair[1])
	c.refers(path, id)
	kind := c.template.Resources[id].Type
	c.note(slices.Contains(c.schema.Resources[kind].Attributes, name), path, "%s has no attribute %s", kind, name)
}
