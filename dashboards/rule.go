package dashboards

import (
	"slices"
	"strings"
)

// Rule is a condition over the states of alarms: one alarm, or any of several
// rules. Make one with Is and Any.
type Rule struct {
	kind, stream string // of one alarm
	named        string // of one alarm in another stack: its name as text for Fn::Sub
	of           []Rule // nil for one alarm
}

// Is holds while an alarm is in alarm.
func Is(kind, stream string) Rule { return Rule{kind: kind, stream: stream} }

// Any holds while one of the rules does.
func Any(rules ...Rule) Rule { return Rule{of: rules} }

// Holds evaluates the rule. As in CloudWatch, an alarm without data is not in
// alarm.
func (r Rule) Holds(states map[string]State) bool {
	if r.of == nil {
		return states[key(r.kind, r.stream)] == InAlarm
	}
	return slices.ContainsFunc(r.of, func(r Rule) bool { return r.Holds(states) })
}

// text writes the rule in the language of AlarmRule, with the logical ids of the
// alarms for Fn::Sub: so CloudFormation makes the alarms before the rule, and
// deletes them after it.
func (r Rule) text() string {
	if r.named != "" {
		return `ALARM("` + r.named + `")`
	}
	if r.of == nil {
		return `ALARM("${` + logicalID(r.kind, r.stream) + `}")`
	}
	parts := make([]string, len(r.of))
	for i, part := range r.of {
		parts[i] = part.nested()
	}
	return strings.Join(parts, " OR ")
}

// nested puts brackets around what is joined.
func (r Rule) nested() string {
	if len(r.of) > 1 {
		return "(" + r.text() + ")"
	}
	return r.text()
}

// leaves counts the alarms that the rule names.
func (r Rule) leaves() int {
	if r.of == nil {
		return 1
	}
	n := 0
	for _, part := range r.of {
		n += part.leaves()
	}
	return n
}
