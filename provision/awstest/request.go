package awstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Limits of CloudFormation.
const (
	maxPolicyBytes = 16_384
	maxTopics      = 5
	maxTags        = 50
	maxTagKey      = 128
	maxTagValue    = 256
)

// request is what CreateStack and CreateChangeSet have in common.
type request struct {
	body     string // of the template, as it came
	template template
	params   []tag
	tags     []tag
	topics   []string
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// readRequest checks a request as AWS does, the template with its schemas.
func readRequest(f form) (request, *fault) {
	r := request{
		params: f.pairs("Parameters", "ParameterKey", "ParameterValue"),
		tags:   f.pairs("Tags", "Key", "Value"),
		topics: f.list("NotificationARNs"),
	}
	body := []byte(f.Get("TemplateBody"))
	r.body = string(body)
	if problems := CheckTemplate(body); len(problems) > 0 {
		return r, invalid("Template format error: %s", strings.Join(problems, "; "))
	}
	if err := json.Unmarshal(body, &r.template); err != nil {
		return r, invalid("Template format error: %s", err)
	}
	if len(r.topics) > maxTopics {
		return r, invalid("NotificationARNs: at most %d", maxTopics)
	}
	if len(r.tags) > maxTags {
		return r, invalid("Tags: at most %d", maxTags)
	}
	for _, t := range r.tags {
		if t.key == "" || len(t.key) > maxTagKey || len(t.value) > maxTagValue || strings.HasPrefix(t.key, "aws:") {
			return r, invalid("Tags: %q=%q", t.key, t.value)
		}
	}
	for name, form := range map[string]string{
		"StackName":          `^([A-Za-z][A-Za-z0-9-]{0,127}|arn:.*)$`,
		"ClientRequestToken": `^([A-Za-z0-9][A-Za-z0-9-]{0,127})?$`,
	} {
		if !regexp.MustCompile(form).MatchString(f.Get(name)) {
			return r, invalid("1 validation error detected: Value %q at %q failed to satisfy constraint", f.Get(name), name)
		}
	}
	return r, r.checkParameters()
}

func (r *request) checkParameters() *fault {
	given := map[string]bool{}
	for _, p := range r.params {
		want, known := r.template.Parameters[p.key]
		given[p.key] = true
		number, notNumber := strconv.ParseFloat(p.value, 64)
		switch {
		case !known:
			return invalid("Parameters: [%s] do not exist in the template", p.key)
		case want.AllowedPattern != "" && !regexp.MustCompile(want.AllowedPattern).MatchString(p.value):
			return invalid("Parameter '%s' must match pattern %s", p.key, want.AllowedPattern)
		case want.MaxLength > 0 && len(p.value) > want.MaxLength, len(p.value) < want.MinLength:
			return invalid("Parameter '%s' has a wrong length", p.key)
		case want.Type == "Number" && (notNumber != nil || number < want.MinValue || want.MaxValue > 0 &&
			number > want.MaxValue):
			return invalid("Parameter '%s' must be a number from %v to %v", p.key, want.MinValue, want.MaxValue)
		}
	}
	for _, name := range sortedKeys(r.template.Parameters) {
		if !given[name] && r.template.Parameters[name].Default == nil {
			return invalid("Parameters: [%s] must have values", name)
		}
	}
	return nil
}

func checkPolicy(body string) *fault {
	var policy struct{ Statement []map[string]any }
	if err := json.Unmarshal([]byte(body), &policy); err != nil || len(policy.Statement) == 0 ||
		len(body) > maxPolicyBytes {
		return invalid("Error validating stack policy: Invalid stack policy")
	}
	return nil
}

// properties of a resource with parameters filled in, to compare by.
func (r *request) properties(id string) string {
	values := map[string]string{}
	for _, p := range r.params {
		values[p.key] = p.value
	}
	var fill func(v any) any
	fill = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			if name, ok := v["Ref"].(string); ok && len(v) == 1 {
				if value, ok := values[name]; ok {
					return value
				}
			}
			out := map[string]any{}
			for k, e := range v {
				out[k] = fill(e)
			}
			return out
		case []any:
			out := make([]any, len(v))
			for i, e := range v {
				out[i] = fill(e)
			}
			return out
		}
		return v
	}
	text, err := json.Marshal(fill(r.template.Resources[id].Properties))
	if err != nil {
		panic(err) // it was JSON before
	}
	return string(text)
}

// dependencies are the resources that id refers to.
func (r *request) dependencies(id string) []string {
	text, err := json.Marshal(r.template.Resources[id])
	if err != nil {
		panic(err) // it was JSON before
	}
	var out []string
	for _, other := range sortedKeys(r.template.Resources) {
		named := func(form string) bool { return bytes.Contains(text, fmt.Appendf(nil, form, other)) }
		if other != id && (named(`"Ref":%q`) || named(`"Fn::GetAtt":[%q`) || named(`${%s}`) || named(`${%s.`) ||
			named(`"DependsOn":%q`)) {
			out = append(out, other)
		}
	}
	return out
}

// outputs resolves the outputs of the template.
func (st *stack) outputs() []node {
	var out []node
	for _, key := range sortedKeys(st.request.template.Outputs) {
		value := st.resolve(st.request.template.Outputs[key].Value)
		out = append(out, text("OutputKey", key)+text("OutputValue", value))
	}
	return out
}

// resolve evaluates the functions that templates of streamwatch use.
func (st *stack) resolve(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	if id, ok := m["Ref"].(string); ok {
		if r := st.resources[id]; r != nil {
			return r.physical
		}
		return map[string]string{
			"AWS::StackName": st.name, "AWS::StackId": st.id, "AWS::Region": Region, "AWS::AccountId": Account,
			"AWS::Partition": "aws",
		}[id]
	}
	if pair, ok := m["Fn::GetAtt"].([]any); ok {
		r := st.resources[fmt.Sprint(pair[0])]
		if r == nil {
			return ""
		}
		physical := r.physical
		if pair[1] != "DomainName" {
			return physical + "." + fmt.Sprint(pair[1])
		}
		if st.cloud.Domain != "" {
			return st.cloud.Domain
		}
		return strings.ToLower(strings.Replace(physical, "E", "d", 1)) + ".cloudfront.net"
	}
	if join, ok := m["Fn::Join"].([]any); ok {
		var parts []string
		for _, part := range join[1].([]any) {
			parts = append(parts, st.resolve(part))
		}
		return strings.Join(parts, fmt.Sprint(join[0]))
	}
	if text, ok := m["Fn::Sub"].(string); ok {
		return placeholder.ReplaceAllStringFunc(text, func(p string) string {
			if id, attribute, dotted := strings.Cut(p[2:len(p)-1], "."); dotted {
				return st.resolve(map[string]any{"Fn::GetAtt": []any{id, attribute}})
			}
			return st.resolve(map[string]any{"Ref": p[2 : len(p)-1]})
		})
	}
	if pick, ok := m["Fn::Select"].([]any); ok {
		split, _ := pick[1].(map[string]any)["Fn::Split"].([]any)
		return strings.Split(st.resolve(split[1]), fmt.Sprint(split[0]))[int(pick[0].(float64))]
	}
	return fmt.Sprint(v)
}
