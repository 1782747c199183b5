package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/report"
)

func (c *cli) reportCommand() *cobra.Command {
	var from, until time.Time
	var format, out string
	cmd := &cobra.Command{
		Use:   "report EVENT.yaml",
		Short: "Report what was recorded of an event: availability, incidents, timeline",
		Long: `Read the history below output/EVENT/ and report on a part of it: the share of time
in which viewers could play, incidents by blame, how fast they were found and
fixed, what people did, plots. Use it at any time, also while streamwatch run is
running: it writes nothing but the report. The newest eleven seconds of a running
event are not on disk yet.

--since and --until take a time such as 2026-11-28T19:00:00Z, or how long ago,
such as 2h. The default is all that was recorded, which is kept for 14 days.

csv has a row for each incident, availability-csv one for each stream. The end of
the page and docs/report.md explain the numbers.`,
		Example: "  streamwatch report event.yaml\n" +
			"  streamwatch report event.yaml --since 2h --out report.html\n" +
			"  streamwatch report event.yaml --since 2026-11-28T19:00:00Z --until 2026-11-28T23:00:00Z --format json",
		Args: argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			event, err := c.load(args[0])
			if err != nil {
				return err
			}
			if !from.IsZero() && !until.IsZero() && !from.Before(until) {
				return probe.Usage("--until is not after --since", "both may count back from now, such as --since 2h --until 1h")
			}
			r, err := daemon.Past(cmd.Context(), event, ownVersion(), from, until)
			if err != nil {
				return err
			}
			var text strings.Builder
			if err := r.Write(&text, cmp.Or(format, report.RunFormatOf(out))); err != nil {
				return err
			}
			if out == "" {
				_, err = io.WriteString(c.stdout, text.String())
				return err
			}
			if err := probe.WriteFile(out, text.String()); err != nil {
				return probe.WithHint(fmt.Errorf("writing the report: %w", err), "--out names a file in a folder that exists")
			}
			c.say("report", out)
			return nil
		},
	}
	momentFlag(cmd, &from, "since", "from when on, or for how long back (default: all that was recorded)")
	momentFlag(cmd, &until, "until", "until when, or how long ago (default: now, or the end of what was recorded)")
	wordFlag(cmd.Flags(), &format, "format", "",
		"html, json, csv, availability-csv or text (default: by the name of --out, else text)", report.RunFormats()...)
	cmd.Flags().StringVar(&out, "out", "", "write to this `file` (default: standard output)")
	return cmd
}
