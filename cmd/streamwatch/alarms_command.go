package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/report"
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

// alarms switches the alarms to "on" or "off", or leaves them, and shows them.
func (c *cli) alarms(ctx context.Context, path, to string) error {
	event, err := c.load(path)
	if err != nil {
		return err
	}
	alarms, err := daemon.AlarmsOf(ctx, event, path, c.account().Options()...)
	if err != nil {
		return err
	}
	if to != "" {
		if err := alarms.Switch(ctx, to == "on"); err != nil {
			return err
		}
	}
	list, err := alarms.Read(ctx)
	if err != nil {
		return err
	}
	rows := [][]string{{"ALARM", "ACTIONS", "STATE"}}
	for _, alarm := range list {
		rows = append(rows, []string{alarm.Name, report.OnOff(alarm.Armed), string(alarm.State)})
	}
	if err := report.Table(c.stdout, c.paint(), rows); err != nil {
		return err
	}
	monitors, err := alarms.Monitors(ctx, list)
	if err != nil {
		return nil // who may not read them sees the alarms
	}
	fmt.Fprintf(c.stdout, "monitors that watch: %d\n", len(monitors))
	if to == "off" && len(monitors) > 0 {
		fmt.Fprintln(c.stderr, "streamwatch: a monitor that runs switches them on again within a minute")
	}
	return nil
}
