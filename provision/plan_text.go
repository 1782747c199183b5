package provision

import "fmt"

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
