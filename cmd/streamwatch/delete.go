package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

func (c *cli) deleteCommand() *cobra.Command {
	var yes, unprotect bool
	var format string
	cmd := &cobra.Command{
		Use:   "delete EVENT.yaml",
		Short: "Delete the event's stack, after a confirmation",
		Long: `Delete the event's CloudFormation stack with its distribution, and follow it to
DELETE_COMPLETE. Players that embed its domain stop. The stack's name must be
typed to confirm, unless --yes is given. A stack that is protected against
deletion is left alone, whoever protected it, unless --force-unprotect is given.
Incidents that the last run left open are closed, and the receivers of
notifications get their end.
Ctrl-C leaves the operation running.`,
		Example: `  streamwatch delete event.yaml
  streamwatch delete event.yaml --yes
  streamwatch delete event.yaml --force-unprotect`,
		Args: argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			event, spec, err := c.loadStack(args[0])
			if err != nil {
				return err
			}
			log, err := c.log()
			if err != nil {
				return err
			}
			if !yes {
				if err := c.confirm(spec.StackName); err != nil {
					return err
				}
			}
			stack, err := c.account().Stack(cmd.Context(), spec)
			if err != nil {
				return err
			}
			stack.Unprotect = unprotect
			show, end := c.progress(format)
			err = stack.Delete(cmd.Context(), show)
			end()
			switch {
			case errors.Is(err, provision.ErrAbsent):
				fmt.Fprintf(c.stderr, "streamwatch: there is no stack %s\n", spec.StackName)
			case err != nil:
				return deploy.Resumable(cmd.Context(), err, "streamwatch delete "+args[0])
			}
			daemon.Conclude(cmd.Context(), event, daemon.StackDeleted, log)
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&unprotect, "force-unprotect", false, "lift termination protection first, whoever set it")
	formatFlag(cmd, &format, "of the events: text or json")
	return cmd
}

// confirm asks for the name of what is about to go.
func (c *cli) confirm(stack string) error {
	fmt.Fprintf(c.stderr, "Type %s to delete this stack and its distribution: ", stack)
	line, err := bufio.NewReader(c.stdin).ReadString('\n')
	if strings.TrimSpace(line) == stack {
		return nil
	}
	fmt.Fprintln(c.stderr)
	if err != nil {
		return probe.Usage("nothing was deleted: no confirmation", "--yes deletes without asking")
	}
	return probe.Usage("nothing was deleted: that is not the stack's name", "")
}
