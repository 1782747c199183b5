package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/report"
)

// defaultTarget is the target duration of the simulated stream.
const defaultTarget = 2 * time.Second

func (c *cli) drillCommand() *cobra.Command {
	var td time.Duration
	var format string
	cmd := &cobra.Command{
		Use:   "drill [FAULT...]",
		Short: "Break a simulated stream and require that it is found",
		Long: "Hold drills: inject each fault into a simulated stream and require the expected\n" +
			"incident, blame and delay. Without a FAULT all are held, several at a time, in\n" +
			"about half a minute. Exits 3 when one was missed, blamed wrong, late, or not alone,\n" +
			"and when a fault changed nothing that was served.\n\nFaults:\n\n" + drill.Faults(),
		Example:           "  streamwatch drill\n  streamwatch drill stall stale-edge --format json",
		ValidArgsFunction: completeFaults,
		RunE: func(cmd *cobra.Command, args []string) error {
			if td < time.Second || td > 10*time.Second || td%time.Second != 0 {
				return probe.Usage(fmt.Sprintf("--target-duration %s", td), "whole seconds from 1s to 10s")
			}
			drills, err := drill.Named(args)
			if err != nil {
				return err
			}
			return c.drill(cmd.Context(), drills, td, format)
		},
	}
	cmd.Flags().DurationVar(&td, "target-duration", defaultTarget, "of the simulated stream")
	formatFlag(cmd, &format, "text or json")
	return cmd
}

func completeFaults(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, d := range drill.Every() {
		names = append(names, d.Fault)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// drill holds the drills and shows them in their order.
func (c *cli) drill(ctx context.Context, drills []drill.Drill, td time.Duration, format string) error {
	outcomes, err := drill.Hold(ctx, drills, drill.Settings{TargetDuration: td})
	if err != nil {
		return err
	}
	results, rows := drill.Results(outcomes)
	if format == "json" {
		enc := json.NewEncoder(c.stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(results)
	} else {
		err = report.Table(c.stdout, c.paint(), rows)
	}
	if err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	if slices.ContainsFunc(results, func(r drill.Result) bool { return r.Result != drill.Found }) {
		return errFindings
	}
	return nil
}
