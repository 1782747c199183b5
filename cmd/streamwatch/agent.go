package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe/daemon/process"
	"github.com/streamwatch/streamwatch/probe/fleet"
)

func (c *cli) agentCommand() *cobra.Command {
	var f eventfile.Agent
	var limit time.Duration
	cmd := &cobra.Command{
		Use:   "agent --join nats://HOST:4222 --vantage NAME",
		Short: "Poll an event's streams for its hub, from one place",
		Long: `Poll streams for streamwatch hub, and send it what they show. The agent needs no
file: it gets the event, with its secrets, from the hub. Several agents at one
vantage share the streams, and take over from one that dies.

While NATS is away the agent goes on watching and keeps what it sees; agents that
are not alone at their vantage give their streams up after five seconds, because
another one may have them by then.

What it is told crosses the network: to another machine use tls://, credentials
or a user in the URL. --insecure allows it without. ${NAME} in the URL is expanded
from the environment, so that a password need not stand on a command line.`,
		Example: "  streamwatch agent --join nats://127.0.0.1:4222 --vantage eu-west-1",
		Args:    argument(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := f.Options(c.env, c.known())
			if err != nil {
				return err
			}
			if o.Log, err = c.log(); err != nil {
				return err
			}
			o.Version = ownVersion()
			process.LiveOn()
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			if limit > 0 {
				defer time.AfterFunc(limit, stop).Stop()
			}
			return fleet.NewAgent(o).Run(ctx)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.Join, "join", nil, "URLs of NATS, as the hub prints them (required)")
	flags.StringVar(&f.Vantage, "vantage", "", "where this agent is, such as eu-west-1 (required)")
	flags.StringVar(&f.Name, "name", "", "of this agent, unique in its vantage (default: the host's, and random letters)")
	flags.StringVar(&f.Event, "event", "", "which event, where the NATS has several")
	flags.StringVar(&f.Credentials, "credentials", "", "file of a NATS user (.creds)")
	flags.StringVar(&f.CAFile, "tls-ca", "", "file of the CA that the server's certificate is of (PEM)")
	flags.StringVar(&f.CertFile, "tls-cert", "", "file of this agent's certificate (PEM)")
	flags.StringVar(&f.KeyFile, "tls-key", "", "file of its private key (PEM)")
	flags.BoolVar(&f.Insecure, "insecure", false, "let the event's secrets cross a network in the clear")
	forFlag(cmd, &limit, "stop after this time")
	return cmd
}
