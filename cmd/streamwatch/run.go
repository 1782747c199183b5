package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
)

// errOver ends a run whose time is up.
var errOver = errors.New("the time is up")

func (c *cli) runCommand() *cobra.Command {
	var limit time.Duration
	var update bool
	cmd := &cobra.Command{
		Use:   "run EVENT.yaml",
		Short: "Watch an event from its file to its report",
		Long: `Bring the event's distribution into being or find it, write the embeds, and
watch every stream at the edge and at the origin. The page, the API and /metrics
are at monitor.listen, incidents and history below output/EVENT/.

run goes on until the event ends, until --for is over, or until SIGINT or
SIGTERM; then it writes what is still in memory, report.html and report.json,
and exits 0. A second signal kills at once. A daemon that starts again takes up
the incidents that were open.

A stack that is missing is created first. One that exists is left as it is: run
prints what differs from the file, and --update changes it. When CloudFormation
cannot be asked, run starts from the domain that it noted the last time. With
delete_when_done the stack is deleted after the report when the time was up, and
kept after a signal, which may be a restart in the middle of the event. For the
same reason a signal leaves the alarms on; streamwatch alarms off ends them.`,
		Example: "  streamwatch run event.yaml\n  streamwatch run event.yaml --for 2h --log-format json",
		Args:    argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 0 {
				return negative(limit)
			}
			log, err := c.log()
			if err != nil {
				return err
			}
			event, err := c.load(args[0])
			if err != nil {
				return err
			}
			if !event.Ends.IsZero() && !event.Ends.After(time.Now()) {
				log.Info("the event is over", zap.Time("ends", event.Ends))
				return nil
			}
			for _, w := range stackWarnings(event) {
				log.Warn(w.String(), zap.String("mend", w.Hint))
			}
			s := &session{c: c, event: event, log: log, limit: limit, update: update}
			if err := s.run(cmd.Context()); err != nil {
				return err
			}
			return s.cleanUp(cmd.Context())
		},
	}
	cmd.Flags().DurationVar(&limit, "for", 0, "stop after this time, counted from the first look (default: at the event's end)")
	cmd.Flags().BoolVar(&update, "update", false, "bring a stack that exists to the event file first")
	return cmd
}

// negative refuses --for with a duration that is none.
func negative(limit time.Duration) error {
	return &usageError{fmt.Sprintf("--for %s", limit), "a positive duration, such as 30s"}
}

// until ends a context after a while and at a moment; zero is never.
func until(ctx context.Context, limit time.Duration, ends time.Time) (context.Context, context.CancelFunc) {
	end := ends
	if limit > 0 {
		if after := time.Now().Add(limit); end.IsZero() || after.Before(end) {
			end = after
		}
	}
	if end.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadlineCause(ctx, end, errOver)
}
