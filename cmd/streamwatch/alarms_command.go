package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/sink/cloudwatch"
)

func (c *cli) alarmsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alarms EVENT.yaml",
		Short: "Show the alarms that wake people, and switch their actions on or off",
		Long: `Show the alarms of the event's stack that tell people, as CloudWatch has them:
their state, and whether their actions are switched on. run switches them on and
keeps them on, also when it is stopped by a signal; it switches them off when the
event is over. alarms off does so by hand, such as for a rehearsal.`,
		Example: "  streamwatch alarms event.yaml\n  streamwatch alarms off event.yaml",
		Args:    argument(cobra.ExactArgs(1)),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.alarms(cmd.Context(), args[0], "") },
	}
	for _, to := range []string{"on", "off"} {
		cmd.AddCommand(&cobra.Command{
			Use: to + " EVENT.yaml", Short: "Switch their actions " + to, Args: argument(cobra.ExactArgs(1)),
			RunE: func(cmd *cobra.Command, args []string) error { return c.alarms(cmd.Context(), args[0], to) },
		})
	}
	return cmd
}

func (c *cli) alarms(ctx context.Context, path, to string) error {
	event, err := c.load(path)
	if err != nil {
		return err
	}
	stack := event.AlarmStack()
	if stack == "" {
		return probe.Usage(path+" has no alarms", "give metrics.cloudwatch, and a stack: distribution.cloudformation, or alarms.stack_name")
	}
	client, err := cloudwatch.Connect(ctx, event.Metrics.CloudWatch.Region, c.account().Options()...)
	if err != nil {
		return err
	}
	var names []string
	for _, alarm := range dashboards.ActionedAlarms(stack, eventfile.DashboardOptions(event)) {
		names = append(names, alarm.Name)
	}
	switch to {
	case "on":
		err = cloudwatch.Arm(ctx, client, names)
	case "off":
		err = cloudwatch.Disarm(ctx, client, names)
	}
	if err != nil {
		return err
	}
	list, err := cloudwatch.Alarms(ctx, client, names)
	if err != nil {
		return err
	}
	rows := [][]string{{"ALARM", "ACTIONS", "STATE"}}
	for _, alarm := range list {
		rows = append(rows, []string{alarm.Name, onOff(alarm.Armed), alarm.State})
	}
	if err := report.Table(c.stdout, c.paint(), rows); err != nil {
		return err
	}
	if len(list) == 0 {
		return probe.WithHint(fmt.Errorf("stack %s has none of the alarms", stack), "streamwatch provision "+path)
	}
	monitors, err := cloudwatch.Monitors(ctx, client, list[0].ARN, time.Now().Add(-daemon.GoneAfter))
	if err == nil {
		fmt.Fprintf(c.stdout, "monitors that watch: %d\n", len(monitors))
		if to == "off" && len(monitors) > 0 {
			fmt.Fprintln(c.stderr, "streamwatch: a monitor that runs switches them on again within a minute")
		}
	}
	return nil
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
