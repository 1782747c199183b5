package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/fleet"
)

// agentFlags are those of the command line.
type agentFlags struct {
	join                          []string
	vantage, name, event          string
	credentials, caFile, certFile string
	keyFile                       string
	insecure                      bool
	limit                         time.Duration
}

func (c *cli) agentCommand() *cobra.Command {
	var f agentFlags
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
or a user in the URL. --insecure allows it without.`,
		Example: "  streamwatch agent --join nats://127.0.0.1:4222 --vantage eu-west-1",
		Args:    argument(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := c.agentOptions(f)
			if err != nil {
				return err
			}
			surviveClosedPipes()
			spareMemory()
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			if f.limit > 0 {
				defer time.AfterFunc(f.limit, stop).Stop()
			}
			return fleet.NewAgent(o).Run(ctx)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.join, "join", nil, "URLs of NATS, as the hub prints them (required)")
	flags.StringVar(&f.vantage, "vantage", "", "where this agent is, such as eu-west-1 (required)")
	flags.StringVar(
		&f.name,
		"name",
		"",
		"of this agent, unique in its vantage (default: the host's, and random letters)",
	)
	flags.StringVar(&f.event, "event", "", "which event, where the NATS has several")
	flags.StringVar(&f.credentials, "credentials", "", "file of a NATS user (.creds)")
	flags.StringVar(&f.caFile, "tls-ca", "", "file of the CA that the server's certificate is of (PEM)")
	flags.StringVar(&f.certFile, "tls-cert", "", "file of this agent's certificate (PEM)")
	flags.StringVar(&f.keyFile, "tls-key", "", "file of its private key (PEM)")
	flags.BoolVar(&f.insecure, "insecure", false, "let the event's secrets cross a network in the clear")
	flags.DurationVar(&f.limit, "for", 0, "stop after this time")
	return cmd
}

// agentOptions checks the command line of an agent.
func (c *cli) agentOptions(f agentFlags) (fleet.AgentOptions, error) {
	bad := func(text, hint string) (fleet.AgentOptions, error) {
		return fleet.AgentOptions{}, &usageError{text, hint}
	}
	switch {
	case len(f.join) == 0:
		return bad("--join is required", "the URL that streamwatch hub prints, such as nats://127.0.0.1:4222")
	case f.vantage == "":
		return bad("--vantage is required", "where this agent is, such as eu-west-1")
	case configs.CheckVantage(f.vantage) != "":
		return bad("--vantage "+configs.CheckVantage(f.vantage), "such as eu-west-1")
	case f.name != "" && configs.CheckProcess(f.name) != "":
		return bad("--name "+configs.CheckProcess(f.name), "such as eu-west-1-a")
	case (f.certFile == "") != (f.keyFile == ""):
		return bad("--tls-cert and --tls-key belong together", "give both, or none")
	case f.limit < 0:
		return fleet.AgentOptions{}, negative(f.limit)
	}
	for i, u := range f.join {
		if u = strings.TrimSpace(u); !strings.Contains(u, "://") {
			u = "nats://" + u
		}
		f.join[i] = u
		if text, hint := configs.CheckNATS(u, f.credentials != "" || f.insecure, f.caFile != "" || f.certFile != ""); text != "" {
			return bad("--join "+text, strings.Replace(hint, "say that it may be insecure", "--insecure", 1))
		}
		c.known().AddURL(u)
	}
	log, err := c.log()
	name := cmp.Or(f.name, processName())
	return fleet.AgentOptions{
		Connection: fleet.Connection{
			Servers: f.join, Credentials: f.credentials, CAFile: f.caFile, CertFile: f.certFile, KeyFile: f.keyFile,
			Name: "streamwatch agent " + f.vantage + "/" + name,
		},
		Event: f.event, Vantage: f.vantage, Name: name, Version: ownVersion(), Log: log,
	}, err
}
