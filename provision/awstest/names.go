package awstest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// uniqueName returns the name of a resource that must be unique in the account,
// "" for a type that has none.
func (st *stack) uniqueName(r *request, id string) string {
	props := r.template.Resources[id].Properties
	inner := func(key string) any {
		m, _ := props[key].(map[string]any)
		return m["Name"]
	}
	var name any
	switch r.template.Resources[id].Type {
	case "AWS::CloudFront::CachePolicy":
		name = inner("CachePolicyConfig")
	case "AWS::CloudFront::ResponseHeadersPolicy":
		name = inner("ResponseHeadersPolicyConfig")
	case "AWS::CloudFront::KeyGroup":
		name = inner("KeyGroupConfig")
	case "AWS::CloudFront::PublicKey":
		name = inner("PublicKeyConfig")
	case "AWS::CloudFront::Function":
		name = props["Name"]
	case "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm":
		name = props["AlarmName"]
	case "AWS::CloudWatch::Dashboard":
		name = props["DashboardName"]
	case "AWS::Logs::LogGroup":
		name = props["LogGroupName"]
	}
	if name == nil {
		return ""
	}
	return st.resolve(name)
}

// taken says which resource of the account has a name already.
func (c *Cloud) taken(kind, name string, except *made) bool {
	if c.Taken[kind+" "+name] {
		return true
	}
	for _, st := range c.stacks {
		for _, r := range st.resources {
			if r != except && r.kind == kind && r.name == name && (r.exists || r.retained) {
				return true
			}
		}
	}
	return false
}

// claim gives a resource its name and realises what lives beyond the stack. The
// text says why that fails.
func (st *stack) claim(r *request, id string) string {
	m := st.resources[id]
	name := st.uniqueName(r, id)
	if name != "" && st.cloud.taken(m.kind, name, m) {
		return fmt.Sprintf("Resource of type '%s' with identifier '%s' already exists. (HandlerErrorCode: AlreadyExists)",
			m.kind, name)
	}
	m.name = name
	switch m.kind {
	case "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm":
		m.physical = name
		return st.putAlarm(r, id, name)
	case "AWS::SNS::Topic":
		st.cloud.subscribe(m.physical, r.template.Resources[id].Properties)
	}
	return ""
}

var inRule = regexp.MustCompile(`ALARM\("?([^")]+)"?\)`)

// putAlarm writes an alarm whole, ActionsEnabled included, as PutMetricAlarm and
// PutCompositeAlarm do. A rule over alarms that are not there is refused.
func (st *stack) putAlarm(r *request, id, name string) string {
	props := r.template.Resources[id].Properties
	a := st.cloud.alarms[name]
	if a == nil {
		a = &alarm{name: name, state: "INSUFFICIENT_DATA", tags: map[string]string{}}
	}
	enabled, given := props["ActionsEnabled"].(bool)
	a.enable(enabled || !given)
	a.composite = r.template.Resources[id].Type == "AWS::CloudWatch::CompositeAlarm"
	a.actions = 0
	if list, ok := props["AlarmActions"].([]any); ok {
		a.actions = len(list)
	}
	a.children = nil
	if a.composite {
		for _, m := range inRule.FindAllStringSubmatch(st.resolve(props["AlarmRule"]), -1) {
			if st.cloud.alarms[m[1]] == nil {
				return fmt.Sprintf("Could not save the composite alarm as alarms [%s] in the alarm rule do not exist", m[1])
			}
			a.children = append(a.children, m[1])
		}
		if len(a.children) == 0 || len(a.children) > 100 {
			return fmt.Sprintf("AlarmRule has %d alarms, 1 to 100 are allowed", len(a.children))
		}
	}
	if st.cloud.alarms == nil {
		st.cloud.alarms = map[string]*alarm{}
	}
	st.cloud.alarms[name] = a
	return ""
}

// release gives up what lives beyond the stack. An alarm in the rule of another
// one cannot be deleted.
func (st *stack) release(m *made) string {
	if !strings.HasPrefix(m.kind, "AWS::CloudWatch::") || !strings.HasSuffix(m.kind, "Alarm") {
		return ""
	}
	for _, a := range st.cloud.alarms {
		if slices.Contains(a.children, m.name) {
			return fmt.Sprintf("Cannot delete %s as there are composite alarm(s) depending on it: %s", m.name, a.name)
		}
	}
	delete(st.cloud.alarms, m.name)
	return ""
}
