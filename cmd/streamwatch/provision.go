package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/provision"
)

func (c *cli) provisionCommand() *cobra.Command {
	var dry, recreate bool
	var what, format string
	cmd := &cobra.Command{
		Use:   "provision EVENT.yaml",
		Short: "Create or update the event's stack, and print its outputs",
		Long: `Create the CloudFormation stack with the event's CloudFront distribution, or
update it, follow its events to the end and print its outputs. A stack that is as
the file says is left alone, one that belongs to another event is never touched,
and an update that would replace the distribution is refused.

--dry-run shows what would happen and what it costs. --print shows one of these,
without asking AWS anything: the template, the IAM policy, the cost, the
CloudWatch dashboard (the stack fills in its ${…}), and for any event a dashboard
for Grafana to import and alert rules for Prometheus. Ctrl-C leaves the operation
running; the same command takes it up again.`,
		Example: "  streamwatch provision event.yaml --dry-run\n  streamwatch provision event.yaml\n  streamwatch provision event.yaml --print policy\n" +
			"  streamwatch provision event.yaml --print rules > streamwatch.rules.yaml",
		Args: argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			if what == "grafana" || what == "rules" { // which need no stack
				return c.printForPrometheus(args[0], what)
			}
			event, spec, err := c.loadStack(args[0])
			if err != nil {
				return err
			}
			if what != "" {
				return c.printPart(event, spec, what)
			}
			stack, err := provision.NewStack(cmd.Context(), spec)
			if err != nil {
				return err
			}
			stack.Recreate = recreate
			if dry {
				return c.plan(cmd.Context(), stack, event, spec)
			}
			show, end := c.progress(format)
			dist, err := stack.Provision(cmd.Context(), show)
			end()
			if err != nil {
				return resumable(cmd.Context(), err, "streamwatch provision "+args[0])
			}
			return c.outputs(event, dist, format)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&dry, "dry-run", false, "show the changes, or the template of what is new, and the monthly cost")
	flags.BoolVar(&recreate, "recreate", false, "delete a stack whose creation failed, and create it again")
	flags.StringVar(&what, "print", "", "print just the template, policy, cost, dashboard, grafana or rules, offline")
	flags.StringVar(&format, "format", "text", "of the events: text or json")
	return cmd
}

// loadStack loads an event whose distribution is a stack.
func (c *cli) loadStack(path string) (*configs.Event, provision.Spec, error) {
	event, err := c.load(path)
	if err != nil {
		return nil, provision.Spec{}, err
	}
	if event.Distribution.CloudFormation == nil {
		return nil, provision.Spec{}, &usageError{path + " has no stack: its distribution is not cloudformation", "streamwatch run needs no provisioning for it"}
	}
	spec, err := stackSpec(event)
	return event, spec, err
}

// resumable says how to go on after Ctrl-C. An error without a hint is one of
// before the operation began.
func resumable(ctx context.Context, err error, again string) error {
	if _, began := errors.AsType[*provision.HintError](err); !began || ctx.Err() == nil {
		return err
	}
	return &failure{errors.New("stopped watching; the operation goes on in AWS"), "follow it with " + again}
}

func (c *cli) printPart(event *configs.Event, spec provision.Spec, what string) error {
	var text []byte
	var err error
	switch what {
	case "template":
		text, err = provision.Template(spec)
	case "policy":
		text, err = provision.Policy(spec)
	case "cost":
		return c.cost(event, spec)
	case "dashboard":
		text, err = dashboards.Dashboard(dashboardOptions(event))
	default:
		return oneOf("print", what, "template", "policy", "cost", "dashboard", "grafana", "rules")
	}
	return c.printText(text, err)
}

// printForPrometheus prints what any event has.
func (c *cli) printForPrometheus(path, what string) error {
	event, err := c.load(path)
	if err != nil {
		return err
	}
	if what == "rules" {
		return c.printText(dashboards.PrometheusRules(dashboardOptions(event)), nil)
	}
	return c.printText(dashboards.Grafana())
}

func (c *cli) printText(text []byte, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "%s\n", bytes.TrimSuffix(text, []byte("\n")))
	return err
}

// usualEvent is how long an event is taken to be that does not say so.
const usualEvent = 8 * time.Hour

// cost shows what AWS charges, by line: for a month, and for the event.
func (c *cli) cost(event *configs.Event, spec provision.Spec) error {
	length := usualEvent
	if !event.Starts.IsZero() && !event.Ends.IsZero() {
		length = event.Ends.Sub(event.Starts)
	}
	rows := [][]string{{"ITEM", "QUANTITY", "USD/MONTH", fmt.Sprintf("USD/%.3gH", length.Hours()), "NOTE"}}
	month, once := 0.0, 0.0
	for _, l := range provision.Cost(spec) {
		row := []string{l.Item, "-", "-", "-", l.Note}
		if l.Price > 0 {
			row[1], row[2], row[3] = fmt.Sprintf("%g", l.Quantity), fmt.Sprintf("%.2f", l.Month()), fmt.Sprintf("%.2f", l.Event(length))
			month, once = month+l.Month(), once+l.Event(length)
		}
		rows = append(rows, row)
	}
	rows = append(rows, []string{"total", "", fmt.Sprintf("%.2f", month), fmt.Sprintf("%.2f", once), "list prices of us-east-1"})
	return table(c.stdout, c.paint(), rows)
}

// plan shows what Provision would do.
func (c *cli) plan(ctx context.Context, stack *provision.Stack, event *configs.Event, spec provision.Spec) error {
	plan, err := stack.Plan(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "stack %s: %s\n", spec.StackName, plan.Operation)
	if plan.Operation == "create" {
		fmt.Fprintf(c.stdout, "%s\n", plan.Template)
	}
	rows := [][]string{}
	for _, ch := range plan.Changes {
		row := []string{ch.Action, ch.Resource, ch.Type}
		if ch.Replacement == "True" || ch.Replacement == "Conditional" {
			row = append(row, "replacement: "+ch.Replacement)
		}
		rows = append(rows, row)
	}
	if err := table(c.stdout, c.paint(), rows); err != nil {
		return err
	}
	fmt.Fprintln(c.stdout)
	return c.cost(event, spec)
}

func (c *cli) outputs(event *configs.Event, dist provision.Distribution, format string) error {
	if format == "json" {
		return json.NewEncoder(c.stdout).Encode(map[string]any{"event": event.Event, "edge": dist.EdgeURL, "outputs": dist.Outputs})
	}
	fmt.Fprintf(c.stdout, "edge %s\n", dist.EdgeURL)
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(dist.Outputs)) {
		rows = append(rows, []string{"  " + name, dist.Outputs[name]})
	}
	return table(c.stdout, c.paint(), rows)
}
