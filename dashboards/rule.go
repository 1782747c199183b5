package dashboards

import (
	"slices"
	"strings"
)

// Rule is a condition over the states of alarms: a leaf, or an operator over
// other rules. Make one with Is, Any, All and Not.
type Rule struct {
	op           string // "", "OR", "AND" or "NOT"
	kind, stream string // of a leaf
	of           []Rule
}

// Is holds while an alarm is in alarm.
func Is(kind, stream string) Rule { return Rule{kind: kind, stream: stream} }

// Any holds while one of the rules does.
func Any(rules ...Rule) Rule { return Rule{op: "OR", of: rules} }

// All holds while each of the rules does.
func All(rules ...Rule) Rule { return Rule{op: "AND", of: rules} }

// Not holds while a rule does not.
func Not(r Rule) Rule { return Rule{op: "NOT", of: []Rule{r}} }

// Holds evaluates the rule. As in CloudWatch, an alarm without data is not in
// alarm.
func (r Rule) Holds(states map[string]State) bool {
	holds := func(r Rule) bool { return r.Holds(states) }
	switch r.op {
	case "OR":
		return slices.ContainsFunc(r.of, holds)
	case "AND":
		return !slices.ContainsFunc(r.of, func(r Rule) bool { return !holds(r) })
	case "NOT":
		return !holds(r.of[0])
	default:
		return states[key(r.kind, r.stream)] == InAlarm
	}
}

// text writes the rule in the language of AlarmRule, with the logical ids of the
// alarms for Fn::Sub: so CloudFormation makes the alarms before the rule, and
// deletes them after it.
func (r Rule) text() string {
	switch r.op {
	case "":
		return `ALARM("${` + logicalID(r.kind, r.stream) + `}")`
	case "NOT":
		return "NOT " + r.of[0].nested()
	}
	parts := make([]string, len(r.of))
	for i, part := range r.of {
		parts[i] = part.nested()
	}
	return strings.Join(parts, " "+r.op+" ")
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
	if r.op == "" {
		return 1
	}
	n := 0
	for _, part := range r.of {
		n += part.leaves()
	}
	return n
}
