package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/fleet"
)

func (c *cli) hubCommand() *cobra.Command {
	var limit time.Duration
	var update bool
	var name string
	cmd := &cobra.Command{
		Use:   "hub EVENT.yaml",
		Short: "Watch an event by agents, from several places",
		Long: `Do what run does, but have agents poll the streams: streamwatch agent, one or more
at each vantage. The hub diagnoses what all of them see, keeps the incidents,
tells people, and has the page, the API and the history.

Hub and agents meet at NATS. Without fleet.nats in the event file the hub has a
server of its own at fleet.listen (127.0.0.1:4222). At a cluster that fleet.nats
names several hubs can be started with the same file: one leads, the others
stand by, and take over within ten seconds when it dies.`,
		Example: "  streamwatch hub event.yaml\n  streamwatch agent --join nats://127.0.0.1:4222 --vantage eu-west-1",
		Args:    argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			event, log, err := c.begin(cmd.Context(), args[0], limit)
			if event == nil {
				return err
			}
			hangs, done := hangups()
			defer done()
			o := eventfile.HubOptions(event, args[0], cmp.Or(name, fleet.ProcessName()))
			o.Version, o.Log, o.Page = ownVersion(), log, event.Monitor.Listen
			var hub *fleet.Hub
			nobody := func() (string, bool) { return "", false }
			err = daemon.StandBy(cmd.Context(), event.Monitor.Listen, nobody, log, func(ctx context.Context) (err error) {
				hub, err = fleet.OpenHub(ctx, o)
				return err
			})
			if err != nil {
				return err
			}
			defer hub.Close()
			c.say("join", hub.URL())
			s := session{c: c, event: event, log: log, update: update}
			return lead(cmd.Context(), hub, s, args[0], daemon.Options{
				Limit: limit, Hangs: hangs, Hub: hub, Load: c.loading(args[0]), Check: c.judging(args[0]),
			})
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&limit, "for", 0, "stop after this time, counted from when the hub leads (default: at the event's end)")
	flags.BoolVar(&update, "update", false, "bring a stack that exists to the event file first")
	flags.StringVar(&name, "name", "", "of this hub, as others see it (default: the host's)")
	return cmd
}

// lead watches the event whenever the hub leads, until ctx is done or the time is
// up. The file may have changed while the hub stood by, so it is read again; what
// came by standard input cannot, and a file that is wrong meanwhile changes nothing.
func lead(ctx context.Context, hub *fleet.Hub, begun session, path string, o daemon.Options) error {
	for {
		s := begun
		var leading context.Context
		var release func()
		err := daemon.StandBy(ctx, s.event.Monitor.Listen, hub.Leader, s.log, func(ctx context.Context) (err error) {
			leading, release, err = hub.Lead(ctx)
			return err
		})
		if err != nil {
			if ctx.Err() != nil {
				return nil // told to end while standing by
			}
			return err
		}
		if path != eventfile.StandardInput {
			if event, err := s.c.load(path); err == nil {
				s.event = event
			} else {
				s.log.Error("leading by the event file as it was when the hub started", zap.Error(err))
			}
		}
		over, err := s.run(leading, o)
		lost := errors.Is(context.Cause(leading), fleet.ErrLost)
		release()
		if lost {
			s.log.Warn("standing by again", zap.Error(err))
			continue
		}
		if err != nil {
			return err
		}
		return s.cleanUp(ctx, over)
	}
}
