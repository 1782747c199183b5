package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe/checks"
)

func (c *cli) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate EVENT.yaml|-",
		Short: "Report every problem of an event file, with line and column",
		Long: `Read an event file as run would, and report all of its problems at once, each
with its line and column and a hint. Nothing is started, and no request is made.
Variables such as ${ORIGIN_SECRET} must be set, as for run. With - the file comes
from standard input, and paths in it are relative to the current folder.`,
		Example: "  streamwatch validate event.yaml\n  envsubst < event.tmpl | streamwatch validate -",
		Args:    argument(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			event, err := c.load(args[0])
			if err != nil {
				return err
			}
			c.warn(event, args[0])
			_, err = fmt.Fprintf(c.stdout, "%s is valid: event %s, %s\n",
				eventfile.NameOf(args[0]), event.Event, checks.Count(len(event.Streams), "stream"))
			return err
		},
	}
}

// load reads an event file, or standard input.
func (c *cli) load(path string) (*configs.Event, error) { return c.files().Load(path) }

// files reads event files.
func (c *cli) files() *eventfile.Reader {
	return &eventfile.Reader{Stdin: c.stdin, Env: c.env, Secrets: c.known()}
}
