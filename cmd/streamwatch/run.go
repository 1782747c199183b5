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
		Long: `Bring the event's distribution into being or find it, write the embeds, and
watch every stream at the edge and at the origin. The page, the API and /metrics
are at monitor.listen, incidents and history below output/EVENT/. EVENT.yaml may be
- for standard input, or env:NAME for the text of an environment variable.

run goes on until the event ends, until --for is over, or until SIGINT or
SIGTERM; then it writes what is still in memory, report.html and report.json,
and exits 0. A second signal kills at once. A daemon that starts again takes up
the incidents that were open. When the event is over they are closed, and resolved
where people were told of them: at its end, also where run is started after it,
and after --for where the file states no end.

SIGHUP, or POST /api/v1/reload, reads the file again: streams, checks, receivers
of notifications, the player's options and the event's times change while all
else goes on. A file that is wrong, or that asks for what only a restart can
give, changes nothing and the log says why.

A stack that is missing is created first. One that exists is left as it is: run
prints what differs from the file, and --update changes it. When CloudFormation
cannot be asked, run starts from the domain that it noted the last time. With
delete_when_done the stack is deleted after the report when the time was up, and
kept after a signal, which may be a restart in the middle of the event. For the
same reason a signal leaves the alarms on; streamwatch alarms off ends them.`,
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
