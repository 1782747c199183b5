package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

func (c *cli) checksCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "checks [ID]",
		Short: "List the checks, or explain one",
		Long: `List everything that streamwatch checks, or explain one check: its condition and
thresholds, how much evidence opens an incident, which other findings it
explains, and the clause of the specification that it comes from.

Severity and evidence can be changed below monitor.checks in event.yaml.`,
		Example:           "  streamwatch checks\n  streamwatch checks upd.stale",
		Args:              argument(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeChecks,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.listChecks()
			}
			check, ok := checks.Find(args[0])
			if meant := checks.Meant(args[0]); !ok && len(meant) > 1 {
				return &usageError{fmt.Sprintf("check %q is %s", args[0], strings.Join(meant, " or ")), "write the one that is meant in full"}
			}
			if !ok {
				var ids []string
				for _, check := range checks.All() {
					ids = append(ids, check.ID)
				}
				return &usageError{fmt.Sprintf("unknown check %q", args[0]), cmp.Or(configs.DidYouMean(args[0], ids), "streamwatch checks lists them")}
			}
			return c.explain(check)
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
	return table(c.stdout, c.paint(), rows)
}

// runbook is what `streamwatch checks ID` prints, for the page.
func runbook(id string) (text string, ok bool) {
	check, ok := checks.Find(id)
	if !ok {
		return "", false
	}
	var b strings.Builder
	c := &cli{stdout: &b, env: os.LookupEnv}
	ok = c.explain(check) == nil
	return b.String(), ok
}

func (c *cli) explain(check *checks.Check) error {
	after, of := check.Needed()
	evidence := "opens an incident at first sight"
	if after > 1 {
		evidence = fmt.Sprintf("opens an incident when found in %d of %d rounds", after, of)
	}
	fmt.Fprintf(c.stdout, "%s: %s\n\n%s\n\n", check.ID, check.Summary, wrap(check.Doc))
	rows := [][]string{
		{"severity", check.Severity.String() + ", at most"},
		{"blame", cmp.Or(string(check.Blame), string(probe.BlameUnknown)) + ", when found at the origin"},
		{"evidence", evidence},
	}
	if check.Hold > 0 {
		rows = append(rows, []string{"hold", fmt.Sprintf("stays open for %d target durations", check.Hold)})
	}
	if len(check.Explains) > 0 {
		rows = append(rows, []string{"explains", strings.Join(check.Explains, ", ")})
	}
	rows = append(rows, []string{"spec", check.Spec}, []string{"page", check.Page()})
	if err := table(c.stdout, c.paint(), rows); err != nil {
		return err
	}
	_, err := io.WriteString(c.stdout, "\n"+check.Remedy())
	return err
}
