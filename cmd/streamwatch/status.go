package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
for each rendition, edge and origin side by side, and below it what is open: one
entry for each cause, however many streams it hits. URL is that of its page, by
default http://127.0.0.1:8090; where the page asks for a password, write
http://USER:PASSWORD@HOST:PORT.

With --health only ask whether the process works, without a password, print
nothing, and exit 0 when it does: for the health check of a container.`,
		Example: "  streamwatch status\n  streamwatch status http://127.0.0.1:8091 --watch\n  streamwatch status --format json",
		Args:    argument(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
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
				select {
				case <-time.After(2 * time.Second):
				case <-cmd.Context().Done():
					return nil
				}
			}
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again every 2 seconds")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
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
	if format == "json" { // the daemon's own words, with the incidents beside them
		_, err := c.stdout.Write(now.JSON)
		return err
	}
	if watch && terminal(c.stdout) {
		fmt.Fprint(c.stdout, "\x1b[H\x1b[2J")
	}
	if err := report.Status(c.stdout, &now.Value, c.paint()); err != nil {
		return err
	}
	c.showAlarms(ctx, page)
	return nil
}

// showAlarms says whether the alarms that wake people are switched on, where the
// event has some in CloudWatch, and what keeps them from reaching people.
func (c *cli) showAlarms(ctx context.Context, page *client.Client) {
	alarms, err := page.Alarms(ctx)
	if err != nil { // an older streamwatch
		return
	}
	var states []string
	for i := range alarms.Value.Alarms {
		if a := &alarms.Value.Alarms[i]; a.Armed != nil {
			states = append(states, a.Name+" "+onOff(*a.Armed))
		}
	}
	if len(states) > 0 {
		fmt.Fprintf(c.stdout, "alarms wake people: %s\n", strings.Join(states, ", "))
	}
	for _, note := range alarms.Value.Notes {
		fmt.Fprintf(c.stdout, "note: %s\n", note)
	}
}

// pageOf returns the client of the page that the arguments name, or of the usual one.
func pageOf(args []string) (*client.Client, error) { return client.New(strings.Join(args, "")) }
