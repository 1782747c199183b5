package main

import (
	"cmp"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/daemon/process"
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
			if bad := configs.CheckProcess(name); name != "" && bad != "" {
				return probe.Usage("--name "+bad, "such as hub-1")
			}
			s, err := c.begin(cmd.Context(), args[0], limit)
			if s == nil {
				return err
			}
			hangs, done := process.Hangups()
			defer done()
			s.Hangs, s.Update = hangs, update
			o := eventfile.HubOptions(s.Event, args[0], cmp.Or(name, fleet.ProcessName()))
			o.Version, o.Log, o.Page = s.Version, s.Log, s.Event.Monitor.Listen
			hub, err := s.OpenHub(cmd.Context(), o)
			if err != nil {
				return err
			}
			defer hub.Close()
			c.say("join", hub.URL())
			return s.Lead(cmd.Context(), hub)
		},
	}
	forFlag(cmd, &limit, "stop after this time, counted from when the hub leads (default: at the event's end)")
	cmd.Flags().BoolVar(&update, "update", false, "bring a stack that exists to the event file first")
	cmd.Flags().StringVar(&name, "name", "", "of this hub, as others see it (default: the host's)")
	return cmd
}
