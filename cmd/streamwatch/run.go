package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/probe/daemon/process"
)

func (c *cli) runCommand() *cobra.Command {
	var limit time.Duration
	var update bool
	cmd := &cobra.Command{
		Use:   "run EVENT.yaml",
		Short: "Watch an event from its file to its report",
		Long: `Create or find the event's distribution, write the embeds, and watch every stream
at the edge and at the origin. The page, the API and /metrics are at
monitor.listen, incidents and history below output/EVENT/. EVENT.yaml may be
- for standard input, or env:NAME for the text of an environment variable.

run continues until the event ends, until --for is over, or until SIGINT or
SIGTERM; then it writes everything that is still in memory, report.html and
report.json, and exits 0. A second signal kills at once. A run that is restarted
takes up the open incidents. When the event is over they are closed, and the
receivers of notifications get their end: at ends, also if run is started after
it, and after --for if the file states no end.

SIGHUP, or POST /api/v1/reload, reads the file again: streams, checks, receivers
of notifications, the player's options and the event's times change while
everything else continues. A file with a mistake, or with a change that needs a
restart, changes nothing; the log says why.

A missing stack is created first. An existing one is left as it is: run prints
the differences to the file, and --update applies them. If CloudFormation cannot
be reached, run uses the domain that it noted the last time. With
delete_when_done the stack is deleted after the report if the time was up. It is
kept after a signal, which may be a restart in the middle of the event. For the
same reason a signal leaves the alarms on; streamwatch alarms off switches them
off.`,
		Example: "  streamwatch run event.yaml\n  streamwatch run event.yaml --for 2h --log-format json",
		Args:    argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.begin(cmd.Context(), args[0], limit)
			if s == nil {
				return err
			}
			hangs, done := process.Hangups()
			defer done()
			s.Hangs, s.Update = hangs, update
			return s.Run(cmd.Context())
		},
	}
	forFlag(cmd, &limit, "stop after this time, counted from the first look (default: at the event's end)")
	cmd.Flags().BoolVar(&update, "update", false, "bring a stack that exists to the event file first")
	return cmd
}
