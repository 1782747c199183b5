package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// provisionFlags are those of the command.
type provisionFlags struct {
	dry, recreate   bool
	part            deploy.Part
	format, bitrate string
}

func (c *cli) provisionCommand() *cobra.Command {
	var f provisionFlags
	cmd := &cobra.Command{
		Use:   "provision EVENT.yaml",
		Short: "Create or update the event's stack, and print its outputs",
		Long: `Create the CloudFormation stack with the event's CloudFront distribution, or
update it, follow its events to the end and print its outputs. A stack that is as
the file says is left alone, one that belongs to another event is never touched,
and an update that would replace the distribution is refused. Many streams with
alarms need more than one stack: those of their alarms are NAME-alarms-1 and so on.

--dry-run shows what would happen and what it costs. It only reads; if a stack
exists it may make a change set, and deletes it again. --print prints one of
these, without a request to AWS: template and parameters (of --stack, if there
are several), terraform, the IAM policies for provisioning, for monitoring and
for the service role (policy, monitor-policy, role-policy), the cost, the
CloudWatch dashboard (the stack fills in its ${…}), and for any event a dashboard
for Grafana and alert rules for Prometheus. Ctrl-C leaves the operation running;
the same command takes it up again.`,
		Example: `  streamwatch provision event.yaml --dry-run
  streamwatch provision event.yaml
  streamwatch provision event.yaml --print policy
  streamwatch provision event.yaml --print cost --viewers 5000 --bitrate 4M
  streamwatch provision event.yaml --print rules > streamwatch.rules.yaml`,
		Args: argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return c.provision(cmd.Context(), args[0], f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.dry, "dry-run", false, "show the changes, or the template of what is new, and the monthly cost")
	flags.BoolVar(&f.recreate, "recreate", false, "delete a stack whose creation failed, and create it again")
	wordFlag(flags, &f.part.What, "print", "",
		"print just the "+strings.Join(deploy.Parts(), ", ")+", offline", deploy.Parts()...)
	flags.StringVar(&f.part.Stack, "stack", "",
		"with --print template or parameters: of which stack (default: the event's own)")
	flags.IntVar(&f.part.Viewers, "viewers", 0,
		"with --print cost: how many watch at the same time, for CloudFront's traffic")
	flags.StringVar(&f.bitrate, "bitrate", "4M",
		"with --viewers: bits per second that one of them takes, such as 800k or 4M")
	formatFlag(cmd, &f.format, "of the events: text or json")
	return cmd
}

func (c *cli) provision(ctx context.Context, path string, f provisionFlags) error {
	var ok bool
	if f.part.Bitrate, ok = provision.ParseBitrate(f.bitrate); !ok {
		return probe.Usage(fmt.Sprintf("--bitrate %q is none", f.bitrate), "bits per second, such as 800k or 4M")
	}
	if f.part.Viewers < 0 {
		return probe.Usage(fmt.Sprintf("--viewers %d", f.part.Viewers), "how many watch at the same time, such as 5000")
	}
	if f.part.What != "" {
		return c.print(path, f.part)
	}
	event, spec, err := c.loadStack(path)
	if err != nil {
		return err
	}
	spec.Viewers, spec.Bitrate = f.part.Viewers, f.part.Bitrate
	c.warn(event, path)
	stack, err := c.account().Stack(ctx, spec)
	if err != nil {
		return err
	}
	stack.Recreate = f.recreate
	if f.dry {
		if err := c.plan(ctx, stack, event, spec); err != nil {
			return err
		}
	}
	unread, err := deploy.Preflight(ctx, stack, event, path)
	for _, what := range unread {
		fmt.Fprintf(c.stderr, "not checked beforehand: %s\n", what)
	}
	if err != nil || f.dry {
		return err
	}
	show, end := c.progress(f.format)
	dist, err := stack.Provision(ctx, show)
	end()
	if err != nil {
		return deploy.Resumable(ctx, err, "streamwatch provision "+path)
	}
	if spec.Adopt {
		fmt.Fprintf(c.stderr, "streamwatch: stack %s is adopted: it was read, and never is changed\n", spec.StackName)
	}
	if err := c.outputs(event, dist, f.format); err != nil {
		return err
	}
	for _, line := range deploy.ToDo(ctx, stack, event, dist) {
		fmt.Fprintln(c.stderr, line)
	}
	return nil
}

// warn shows on stderr, with their place in the file, what is valid and will
// surprise the user.
func (c *cli) warn(event *configs.Event, path string) {
	list := eventfile.Warnings(event)
	if len(list) > 0 {
		fmt.Fprintln(c.stderr, event.Locate(eventfile.NameOf(path), list))
	}
}

// loadStack loads an event that has a stack.
func (c *cli) loadStack(path string) (*configs.Event, provision.Spec, error) {
	event, err := c.load(path)
	if err != nil {
		return nil, provision.Spec{}, err
	}
	spec, err := eventfile.StackOf(event, path)
	return event, spec, err
}

// print prints one part of what the event needs, offline.
func (c *cli) print(path string, part deploy.Part) error {
	event, err := c.load(path)
	if err != nil {
		return err
	}
	text, notes, err := deploy.Print(event, path, part)
	for _, note := range notes {
		fmt.Fprintln(c.stderr, "streamwatch:", note)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "%s\n", bytes.TrimSuffix(text, []byte("\n")))
	return err
}

// plan shows what Provision would do.
func (c *cli) plan(ctx context.Context, stack *provision.Stack, event *configs.Event, spec provision.Spec) error {
	plan, err := stack.Plan(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, plan.Text())
	return report.Table(c.stdout, c.paint(), deploy.CostTable(event, spec))
}

func (c *cli) outputs(event *configs.Event, dist provision.Distribution, format string) error {
	if format == "json" {
		return json.NewEncoder(c.stdout).Encode(map[string]any{
			"event": event.Event, "edge": dist.EdgeURL, "outputs": dist.Outputs,
		})
	}
	if dist.EdgeURL != "" {
		fmt.Fprintf(c.stdout, "edge %s\n", dist.EdgeURL)
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(dist.Outputs)) {
		rows = append(rows, []string{"  " + name, dist.Outputs[name]})
	}
	return report.Table(c.stdout, c.paint(), rows)
}
