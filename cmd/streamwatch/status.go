package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/web/client"
)

func (c *cli) statusCommand() *cobra.Command {
	var watch, health bool
	var format string
	cmd := &cobra.Command{
		Use:   "status [URL]",
		Short: "Show the verdicts of a running streamwatch",
		Long: `Ask a running streamwatch for its verdicts and show them as a table: one line
for each rendition, edge and origin side by side, and below it the open incidents:
one for each cause, however many streams it hits. URL is that of its page, by
default http://127.0.0.1:8090; if the page needs a password, write
http://USER:PASSWORD@HOST:PORT.

With --health only ask whether the process works, without a password, print
nothing, and exit 0 when it does: for the health check of a container.`,
		Example: `  streamwatch status
  streamwatch status http://127.0.0.1:8091 --watch
  streamwatch status --format json`,
		Args: argument(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := pageOf(args)
			if err != nil {
				return err
			}
			if health {
				return page.Health(cmd.Context())
			}
			for {
				if err := c.status(cmd.Context(), page, format, watch); err != nil || !watch {
					return err
				}
				if !probe.Pause(cmd.Context(), 2*time.Second) {
					return nil
				}
			}
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again every 2 seconds")
	formatFlag(cmd, &format, "text or json")
	cmd.Flags().BoolVar(&health, "health", false, "only ask whether the process works")
	return cmd
}

// status asks once and shows the answer.
func (c *cli) status(ctx context.Context, page *client.Client, format string, watch bool) error {
	now, err := page.Status(ctx)
	if err != nil {
		if watch && ctx.Err() != nil {
			return nil
		}
		return err
	}
	return c.answer(format, now.JSON, func() error { // the daemon's own words, with the incidents beside them
		if watch && terminal(c.stdout) {
			fmt.Fprint(c.stdout, "\x1b[H\x1b[2J")
		}
		if err := report.Status(c.stdout, &now.Value, c.paint()); err != nil {
			return err
		}
		if alarms, err := page.Alarms(ctx); err == nil { // an older streamwatch has none to show
			fmt.Fprint(c.stdout, alarms.Value.Text())
		}
		return nil
	})
}

// pageOf returns the client of the page that the arguments name, or of the usual one.
func pageOf(args []string) (*client.Client, error) { return client.New(strings.Join(args, "")) }
