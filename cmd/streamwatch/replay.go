package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe/inspect"
	"github.com/streamwatch/streamwatch/probe/record"
)

func (c *cli) replayCommand() *cobra.Command {
	var format, event, overrides string
	cmd := &cobra.Command{
		Use:   "replay FILE|-",
		Short: "Judge the recording of an incident again, offline",
		Long: `Run the checks over what was served around an incident, in the time of the
recording and without any request, and print what is found. While an incident is
open, run keeps what both sides serve below output/EVENT/recordings; the API gives
it as /api/v1/incidents/ID/recording. With --event the checks are those of another
event file, with --checks those that you write: so thresholds can be tried on what
has happened.

Exits 0 when nothing is found, 3 when there is a finding of severity error or worse,
1 when the file is no recording or is damaged. A file that is cut off is judged as
far as it goes.`,
		Example: `  streamwatch replay streamwatch-out/autumn-concert/recordings/20261128T191204Z-main.jsonl.gz
  streamwatch replay incident.jsonl.gz --checks '{stale: {after: 4}}'
  curl -s http://127.0.0.1:8090/api/v1/incidents/20261128T191204Z-main/recording | streamwatch replay - --format json`,
		Args: argument(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			instead, over, err := c.files().Overrides(event, overrides)
			if err != nil {
				return err
			}
			return c.replay(args[0], format, record.Overriding(instead, over))
		},
	}
	formatFlag(cmd, &format, "text or json")
	cmd.Flags().StringVar(&event, "event", "", "take monitor.checks and those of streams from this event `file`")
	cmd.Flags().StringVar(&overrides, "checks", "", "over all of them: `YAML` in one line, '{stale: {after: 4}}'")
	return cmd
}

// replay judges a recording again and shows what is found.
func (c *cli) replay(name, format string, change record.Change) error {
	from := io.NopCloser(c.stdin)
	if name != eventfile.StandardInput {
		file, err := inspect.RecordingFile(name)
		if err != nil {
			return err
		}
		from = file
	}
	defer from.Close()
	result, err := inspect.Recording(name, from, change)
	if err != nil {
		return err
	}
	if format == "json" {
		err = result.JSON(c.stdout)
	} else {
		err = result.Text(c.stdout, c.paint())
	}
	if err == nil && result.Bad() {
		return errFindings
	}
	return err
}
