package main

import (
	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/report"
)

func (c *cli) checksCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "checks [ID]",
		Short: "List the checks, or explain one",
		Long: `List everything that streamwatch checks, or explain one check: its condition and
thresholds, how much evidence opens an incident, which other findings it
explains, and the clause of the specification that it comes from.

Severity and evidence can be changed in event.yaml: below monitor.checks, and below
checks of a stream for that one alone.`,
		Example:           "  streamwatch checks\n  streamwatch checks upd.stale",
		Args:              argument(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeChecks,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.listChecks()
			}
			check, text, hint := configs.CheckNamed(args[0])
			if check == nil {
				return probe.Usage(text, hint)
			}
			return report.Explain(c.stdout, check, c.paint())
		},
	}
}

func completeChecks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	for _, check := range checks.All() {
		ids = append(ids, check.ID+"\t"+check.Summary)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func (c *cli) listChecks() error {
	var rows [][]string
	for _, check := range checks.All() {
		rows = append(rows, []string{check.ID, check.Severity.String(), check.Summary})
	}
	return report.Table(c.stdout, c.paint(), rows)
}
