package deploy

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/provision"
)

// Parts are the words for what Print writes.
func Parts() []string {
	return []string{
		"template", "parameters", "terraform", "policy", "monitor-policy", "role-policy", "cost", "dashboard", "grafana", "rules",
	}
}

// Part is one part of what an event needs in AWS or beside it.
type Part struct {
	What    string  // one of Parts
	Stack   string  // of template and parameters: which one, of several; "" is the event's own
	Viewers int     // of cost: how many watch at the same time
	Bitrate float64 // of cost: bits per second that one of them takes
}

// Print writes a part of an event's stack, or of what any event has, without asking
// AWS. path is its file. notes are for people, and no part of it.
func Print(e *configs.Event, path string, p Part) (text []byte, notes []string, err error) {
	switch p.What { // which need no stack
	case "rules":
		return dashboards.PrometheusRules(eventfile.DashboardOptions(e)), nil, nil
	case "grafana":
		text, err = dashboards.Grafana()
		return text, nil, err
	case "monitor-policy":
		if eventfile.HasStack(e) || e.Metrics.CloudWatch != nil || len(eventfile.KeySecrets(e)) > 0 {
			text, err = eventfile.MonitorPolicy(e)
			return text, nil, err
		}
	}
	spec, err := eventfile.StackOf(e, path)
	if err != nil {
		return nil, nil, err
	}
	spec.Viewers, spec.Bitrate = p.Viewers, p.Bitrate
	one, err := chosen(spec, p.Stack)
	if err != nil {
		return nil, nil, err
	}
	switch p.What {
	case "template":
		text, err = provision.Template(one)
		notes = others(spec, p.Stack)
	case "parameters":
		var secret []string
		text, secret, err = provision.Parameters(one)
		for _, name := range secret {
			notes = append(notes, name+" is a secret and not printed: add it from where the pipeline keeps its secrets")
		}
	case "terraform":
		text, err = provision.Terraform(spec)
	case "policy":
		text, err = provision.ProvisionPolicy(spec)
	case "role-policy":
		text, err = provision.RolePolicy(spec)
	case "cost":
		var b bytes.Buffer
		err = report.Table(&b, func(word string) string { return word }, CostTable(e, spec))
		text = b.Bytes()
	case "dashboard":
		text, err = eventfile.DashboardBody(e, spec)
	}
	return text, notes, err
}

// chosen returns the stack of a name, of those of an event.
func chosen(spec provision.Spec, name string) (provision.Spec, error) {
	if name == "" {
		return spec, nil
	}
	var names []string
	for _, one := range spec.Stacks() {
		if one.StackName == name {
			return one, nil
		}
		names = append(names, one.StackName)
	}
	return spec, probe.Usage(
		fmt.Sprintf("--stack %q is not among the event's stacks", name),
		"one of "+strings.Join(names, ", "),
	)
}

// others says which stacks must be deployed before the one that is printed.
func others(spec provision.Spec, stack string) []string {
	if len(spec.Beside) == 0 || stack != "" && stack != spec.StackName {
		return nil
	}
	first, last := provision.BesideName(spec.StackName, 1), provision.BesideName(spec.StackName, len(spec.Beside))
	return []string{fmt.Sprintf(
		"deploy %s to %s first (--stack NAME prints one): the alarms in them are those that this stack's alarms are over",
		first,
		last,
	)}
}
