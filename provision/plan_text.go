package provision

import (
	"fmt"
	"strings"
)

// Text is the plan for people: the operation, the template of a stack that is made,
// and the Lines.
func (plan Plan) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stack %s: %s\n", plan.Stack, plan.Operation)
	if plan.Operation == "create" {
		fmt.Fprintf(&b, "%s\n", plan.Template)
	}
	for _, line := range plan.Lines() {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	return b.String()
}

// Lines says what a plan changes, one line each.
func (plan Plan) Lines() []string {
	var lines []string
	if plan.Unread != "" {
		lines = append(lines, plan.Unread)
	}
	for _, ch := range plan.Changes {
		line := fmt.Sprintf("%s %s (%s)", ch.Action, ch.Resource, ch.Type)
		if ch.Replacement == "True" || ch.Replacement == "Conditional" {
			line += ", replacement: " + ch.Replacement
		}
		lines = append(lines, line)
	}
	for _, o := range plan.Options {
		lines = append(lines, o.String())
	}
	for _, b := range plan.Beside {
		if !b.Differs() {
			continue
		}
		lines = append(lines, fmt.Sprintf("stack %s: %s", b.Stack, b.Operation))
		for _, line := range b.Lines() {
			lines = append(lines, "  "+line)
		}
	}
	return lines
}
