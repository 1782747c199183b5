package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/logmask"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// cli is what all subcommands share.
type cli struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) (string, bool)

	logFormat, logLevel string
	column              int             // least width of what say writes first; 0 is the usual one
	aws                 *deploy.Account // see account

	secrets *fetch.Secrets // what no text may show: see known
}

// known returns the secrets that are known so far.
func (c *cli) known() *fetch.Secrets {
	if c.secrets == nil {
		c.secrets = new(fetch.Secrets)
	}
	return c.secrets
}

// log makes the logger that the flags ask for. It writes to stderr, and no secret
// that is known when a line is written.
func (c *cli) log() (*zap.Logger, error) {
	return logmask.Logger(c.stderr, c.logFormat, c.logLevel, c.known())
}

// Exit codes.
const (
	exitFailed   = 1 // streamwatch could not do its job
	exitUsage    = 2 // usage or config
	exitFindings = 3
)

// errFindings ends a command that did its job and found something. What it
// found is on stdout already.
var errFindings = errors.New("findings")

// execute runs one command line and returns the exit code.
func (c *cli) execute(ctx context.Context, args []string) int {
	root := c.root()
	root.SetArgs(args)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, errFindings) {
		return exitFindings
	}
	if problems, ok := errors.AsType[*configs.Problems](err); ok {
		fmt.Fprintln(c.stderr, problems)
		return exitUsage
	}
	fmt.Fprintln(c.stderr, "streamwatch:", err)
	if hint := probe.HintOf(err); hint != "" {
		fmt.Fprintln(c.stderr, "  hint:", hint)
	}
	if probe.IsUsage(err) {
		return exitUsage
	}
	return exitFailed
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "streamwatch",
		Short: "Watch a live HLS stream at the CDN edge and at the origin",
		Long: `streamwatch watches a live HLS stream at the CDN edge and at the origin, and
says within seconds what broke and whose fault it is.

Try it without a stream of your own: streamwatch demo. Check a stream once:
streamwatch check URL. For an event, describe it in a file and leave streamwatch
run EVENT.yaml running.

Exit codes: 0 fine, 1 streamwatch could not do its job, 2 usage or config,
3 findings. Results go to stdout, logs to stderr.`,
		Example: `  streamwatch demo
  streamwatch check https://d111111abcdef8.cloudfront.net/myStream/playlist.m3u8
  streamwatch run event.yaml`,
		Version:       ownVersion(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
	}
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(root, args[0])
	}
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		log, err := c.log() // its flags belong to every command
		if err == nil {
			logmask.TakeOver(log)
		}
		return err
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if refused, ok := errors.AsType[*probe.HintError](err); ok { // by the flag itself
			return refused
		}
		if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
			return unreadable(cmd, bad)
		}
		return probe.Usage(err.Error(), helpListsFlags(cmd))
	})
	flags := root.PersistentFlags()
	wordFlag(flags, &c.logFormat, "log-format", "console", "console or json", "console", "json")
	wordFlag(flags, &c.logLevel, "log-level", "info", "debug, info, warn or error", "debug", "info", "warn", "error")
	root.AddCommand(
		c.runCommand(), c.hubCommand(), c.agentCommand(), c.demoCommand(), c.checkCommand(), c.validateCommand(),
		c.provisionCommand(), c.deleteCommand(), c.alarmsCommand(), c.embedCommand(), c.statusCommand(),
		c.silenceCommand(), c.ackCommand(), c.notifyCommand(), c.reportCommand(), c.replayCommand(),
		c.drillCommand(), c.checksCommand(), c.schemaCommand(), c.manCommand(), c.versionCommand(),
	)
	refine(root)
	return root
}

// argument wraps cobra's complaint about the number of arguments.
func argument(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return probe.Usage(err.Error(), "usage: "+cmd.UseLine())
		}
		return nil
	}
}
