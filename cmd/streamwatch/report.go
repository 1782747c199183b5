package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/sink/store"
)

// reportFlags are those of streamwatch report, as they were typed.
type reportFlags struct {
	since, until string
	format, out  string
}

// reportFormats write a report, by the name of their format.
var reportFormats = map[string]func(*report.Run, io.Writer) error{
	"html": (*report.Run).HTML, "json": (*report.Run).JSON, "csv": (*report.Run).CSV, "availability-csv": (*report.Run).AvailabilityCSV,
	"text": (*report.Run).Text,
}

func (c *cli) reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report EVENT.yaml",
		Short: "Report what was recorded of an event: availability, incidents, timeline",
		Long: `Read the history below output/EVENT/ and report on a part of it: for which share
of the time viewers could play, incidents by blame, how fast they were found and
over, what people did, plots. It can be asked for at any time, also while
streamwatch run is running, which goes on undisturbed: nothing is written but
the report. Of a run that is running the newest eleven seconds are not on disk.

--since and --until take a time such as 2026-11-28T19:00:00Z, or how long ago,
such as 2h. The default is all that was recorded, which is kept for 14 days.

csv has the incidents, a row each, availability-csv the streams. What the numbers
mean stands at the end of the page and in docs/report.md.`,
		Example: "  streamwatch report event.yaml\n" +
			"  streamwatch report event.yaml --since 2h --out report.html\n" +
			"  streamwatch report event.yaml --since 2026-11-28T19:00:00Z --until 2026-11-28T23:00:00Z --format json",
		Args: argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := f.formatOf()
			if err != nil {
				return err
			}
			event, err := c.load(args[0])
			if err != nil {
				return err
			}
			r, err := readReport(cmd.Context(), event, &f, time.Now())
			if err != nil {
				return err
			}
			var text strings.Builder
			if err := reportFormats[format](r, &text); err != nil {
				return err
			}
			if f.out == "" {
				_, err = io.WriteString(c.stdout, text.String())
				return err
			}
			if err := probe.WriteFile(f.out, text.String()); err != nil {
				return probe.WithHint(fmt.Errorf("writing the report: %w", err), "--out names a file in a folder that exists")
			}
			c.say("report", f.out)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "from when on, or for how long back (default: all that was recorded)")
	flags.StringVar(&f.until, "until", "", "until when, or how long ago (default: now, or the end of what was recorded)")
	flags.StringVar(&f.format, "format", "", "html, json, csv, availability-csv or text (default: by the name of --out, else text)")
	flags.StringVar(&f.out, "out", "", "write to this `file` (default: standard output)")
	return cmd
}

// formatOf is the format that is asked for, or that the file's name says.
func (f *reportFlags) formatOf() (string, error) {
	if f.format != "" {
		return f.format, oneOf("format", f.format, "html", "json", "csv", "availability-csv", "text")
	}
	switch ext := strings.ToLower(filepath.Ext(f.out)); ext {
	case ".html", ".json", ".csv":
		return ext[1:], nil
	case ".htm":
		return "html", nil
	default:
		return "text", nil
	}
}

// readReport reads what is asked for from the history of an event.
func readReport(ctx context.Context, event *configs.Event, f *reportFlags, now time.Time) (r *report.Run, err error) {
	r = &report.Run{Version: ownVersion(), Event: event.Event, Silences: eventfile.Maintenance(event)}
	if r.From, err = momentOf("since", f.since, now); err != nil {
		return nil, err
	}
	if r.Until, err = momentOf("until", f.until, now); err != nil {
		return nil, err
	}
	if !r.From.IsZero() && !r.Until.IsZero() && !r.From.Before(r.Until) {
		return nil, probe.Usage("--until is not after --since", "both may count back from now, such as --since 2h --until 1h")
	}
	history, err := store.Read(ctx, event.Output, event.Event)
	if errors.Is(err, store.ErrNoHistory) {
		return nil, probe.WithHint(err, "streamwatch run writes it; `output` counts from the folder in which it was started")
	}
	if err != nil {
		return nil, err
	}
	err = r.Fill(ctx, history, now)
	return r, errors.Join(err, history.Close())
}

// momentOf reads a time, or how long ago it was; zero where none is given.
func momentOf(flag, value string, now time.Time) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, value); err == nil {
		return at, nil
	}
	if ago, err := time.ParseDuration(value); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, probe.Usage(
		fmt.Sprintf("--%s %q is no time", flag, value), "a time such as 2026-11-28T19:00:00Z, or how long ago, such as 2h",
	)
}
