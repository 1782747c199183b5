package main

import (
	"fmt"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// parts are what `provision --print` shows.
func parts() []string {
	return []string{"template", "parameters", "terraform", "policy", "monitor-policy", "role-policy", "cost", "dashboard", "grafana", "rules"}
}

// printPart prints one part of what the event's stack is made of, offline.
func (c *cli) printPart(event *configs.Event, spec provision.Spec, f provisionFlags) error {
	if err := oneOf("print", f.what, parts()...); err != nil {
		return err
	}
	one, err := chosen(spec, f)
	if err != nil {
		return err
	}
	var text []byte
	switch f.what {
	case "template":
		text, err = provision.Template(one)
		c.others(spec, f.stack)
	case "parameters":
		var secret []string
		text, secret, err = provision.Parameters(one)
		for _, name := range secret {
			fmt.Fprintf(c.stderr, "streamwatch: %s is a secret and not printed: add it from where the pipeline keeps its secrets\n", name)
		}
	case "terraform":
		text, err = provision.Terraform(spec)
	case "policy":
		text, err = provision.ProvisionPolicy(spec)
	case "role-policy":
		text, err = provision.RolePolicy(spec)
	case "cost":
		return report.Table(c.stdout, c.paint(), deploy.CostTable(event, spec))
	case "dashboard":
		text, err = eventfile.DashboardBody(event, spec)
	}
	return c.printText(text, err)
}

// chosen returns the stack that --stack names.
func chosen(spec provision.Spec, f provisionFlags) (provision.Spec, error) {
	if f.stack == "" {
		return spec, nil
	}
	var names []string
	for _, one := range spec.Stacks() {
		if one.StackName == f.stack {
			return one, nil
		}
		names = append(names, one.StackName)
	}
	return spec, probe.Usage(fmt.Sprintf("--stack %q is not among the event's stacks", f.stack), "one of "+strings.Join(names, ", "))
}

// others says which stacks must be deployed before the one that is printed.
func (c *cli) others(spec provision.Spec, stack string) {
	if len(spec.Beside) == 0 || stack != "" && stack != spec.StackName {
		return
	}
	fmt.Fprintf(c.stderr, "streamwatch: deploy %s first (--stack NAME prints one): the alarms in them are those that this stack's alarms are over\n",
		fmt.Sprintf("%s to %s", provision.BesideName(spec.StackName, 1), provision.BesideName(spec.StackName, len(spec.Beside))))
}
