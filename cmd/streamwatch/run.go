package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/sink/store"
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
			event, log, err := c.begin(cmd.Context(), args[0], limit)
			if event == nil {
				return err
			}
			hangs, done := hangups()
			defer done()
			s := &session{c: c, event: event, log: log, update: update}
			over, err := s.run(cmd.Context(), daemon.Options{
				Limit: limit, Hangs: hangs, Load: c.loading(args[0]), Check: c.judging(args[0]),
			})
			if err != nil {
				return err
			}
			return s.cleanUp(cmd.Context(), over)
		},
	}
	cmd.Flags().DurationVar(&limit, "for", 0, "stop after this time, counted from the first look (default: at the event's end)")
	cmd.Flags().BoolVar(&update, "update", false, "bring a stack that exists to the event file first")
	return cmd
}

// begin loads the event of a process that is to watch it for hours, run or hub,
// and makes the process one that lives on without its terminal. The event is nil
// when there is nothing to do: because of the error, or because it is over.
func (c *cli) begin(ctx context.Context, path string, limit time.Duration) (*configs.Event, *zap.Logger, error) {
	if limit < 0 {
		return nil, nil, negative(limit)
	}
	log, err := c.log()
	if err != nil {
		return nil, nil, err
	}
	event, err := c.load(path)
	if err != nil {
		return nil, nil, err
	}
	if !event.Ends.IsZero() && !event.Ends.After(time.Now()) {
		log.Info(daemon.EventOver, zap.Time("ends", event.Ends))
		conclude(ctx, event, daemon.EventOver, log)
		return nil, log, nil
	}
	for _, w := range eventfile.StackWarnings(event) {
		log.Warn(w.String(), zap.String("hint", w.Hint))
	}
	surviveClosedPipes()
	keepPrivate()
	spareMemory()
	return event, log, nil
}

// conclude closes what the last run of an event left open.
func conclude(ctx context.Context, event *configs.Event, why string, log *zap.Logger) {
	switch err := daemon.Conclude(ctx, event, why, log); {
	case errors.Is(err, store.ErrInUse):
		log.Warn("a run of the event still goes on", zap.String("hint", "end it with SIGTERM, or it reports what is gone"))
	case err != nil:
		log.Error("incidents may still be open where they were reported", zap.Error(err))
	}
}

// loading and judging are how a reload reads the event again, and what is wrong
// with it.
func (c *cli) loading(path string) func() (*configs.Event, error) {
	return func() (*configs.Event, error) { return c.files().Again(path) }
}

func (c *cli) judging(path string) func(*configs.Event) error {
	return func(event *configs.Event) error { return c.files().Check(event, path) }
}

// negative refuses --for with a duration that is none.
func negative(limit time.Duration) error {
	return probe.Usage(fmt.Sprintf("--for %s", limit), "a positive duration, such as 30s")
}
