package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
)

func (c *cli) notifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Send a test message to the receivers in the event file",
		Args:  argument(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var dryRun bool
	var only []string
	test := &cobra.Command{
		Use:   "test EVENT.yaml",
		Short: "Send a sample incident to each receiver: opened, then closed",
		Long: `Send one sample incident to each receiver of the event file, as opened and as
closed, and say what each made of it. Every message says TEST, and names the
incident ` + notify.SampleID + `. Whoever is on call is paged: warn them first.

Nothing is tried twice, and severity and streams of the receivers do not matter
here. With --dry-run the messages are printed instead, without their secrets.`,
		Example: "  streamwatch notify test event.yaml --dry-run\n  streamwatch notify test event.yaml --only webhook-1",
		Args:    argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			event, err := c.load(args[0])
			if err != nil {
				return err
			}
			list := eventfile.Receivers(event)
			if len(list) == 0 {
				return probe.Usage(args[0]+" names nobody to be told", "add notify.webhooks, pagerduty, opsgenie or email")
			}
			if list, err = notify.Named(list, only); err != nil {
				return err
			}
			if dryRun {
				return notify.Show(c.stdout, list, daemon.Samples(event), c.known().Mask)
			}
			return c.sendSamples(cmd.Context(), event, list)
		},
	}
	test.Flags().BoolVar(&dryRun, "dry-run", false, "print the messages, and send nothing")
	test.Flags().StringSliceVar(&only, "only", nil, "receivers to try, such as webhook-1,email-1; all of them when absent")
	_ = test.RegisterFlagCompletionFunc("only", c.completeReceivers)
	cmd.AddCommand(test)
	return cmd
}

// completeReceivers lists the receivers of the event file that was given.
func (c *cli) completeReceivers(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	const how = cobra.ShellCompDirectiveNoFileComp
	if len(args) == 0 {
		return nil, how
	}
	event, err := c.load(args[0])
	if err != nil {
		return nil, how
	}
	var names []string
	for _, r := range eventfile.Receivers(event) {
		names = append(names, r.Name)
	}
	return names, how
}

// errUntold ends a test in which a receiver did not take a message.
var errUntold = errors.New("not every receiver took the messages")

// sendSamples sends to all receivers and says what each made of it.
func (c *cli) sendSamples(ctx context.Context, e *configs.Event, list []notify.Receiver) error {
	rows, failed := [][]string{{"RECEIVER", "FORMAT", "RESULT", "HINT"}}, false
	for i := range list {
		result := "sent"
		kind, hint, err := notify.TryAll(ctx, &list[i], daemon.Samples(e), nil)
		if err != nil {
			failed, result = true, string(kind)+": "+err.Error()
		}
		rows = append(rows, []string{list[i].Name, string(list[i].Format), result, c.known().Mask(hint)})
	}
	if err := report.Table(c.stdout, c.paint(), rows); err != nil {
		return err
	}
	if failed {
		return errUntold
	}
	return nil
}
