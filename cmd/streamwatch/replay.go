package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/record"
	"github.com/streamwatch/streamwatch/probe/report"
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
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			change, err := c.replayChange(event, overrides)
			if err != nil {
				return err
			}
			return c.replay(args[0], format, change)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&event, "event", "", "take monitor.checks from this event `file`")
	cmd.Flags().StringVar(&overrides, "checks", "", "monitor.checks, as `YAML` in one line: '{stale: {after: 4}}'")
	return cmd
}

// replayChange returns what changes the overrides of a recording: those of an
// event file are in their place, those that are written out are over them.
func (c *cli) replayChange(event, text string) (record.Change, error) {
	var instead, over map[string]checks.Override
	if event != "" {
		e, err := c.load(event)
		if err != nil {
			return nil, err
		}
		instead = eventfile.MonitorOptions(e, "", nil).Overrides
	}
	if text != "" {
		e, err := configs.Parse("--checks", []byte(aroundChecks+text+"\n"), c.env)
		if err != nil {
			hint := "such as '{stale: {severity: warning, after: 4}}'"
			return nil, probe.Usage("--checks cannot be read: "+problemsOf(err), hint)
		}
		over = eventfile.MonitorOptions(e, "", nil).Overrides
	}
	return func(recorded map[string]checks.Override) map[string]checks.Override {
		all := maps.Clone(recorded)
		if instead != nil {
			all = maps.Clone(instead)
		}
		maps.Copy(all, over)
		return all
	}, nil
}

// aroundChecks makes an event file of what --checks says.
const aroundChecks = `event: replay
origin: {url: "http://origin.invalid"}
distribution: {existing: {url: "https://edge.invalid"}}
streams: [{name: main, manifest: /main.m3u8}]
monitor:
  checks: `

// problemsOf says what is wrong with --checks, without places in a file that
// nobody wrote.
func problemsOf(err error) string {
	problems, ok := errors.AsType[*configs.Problems](err)
	if !ok {
		return err.Error()
	}
	var list []string
	for i := range problems.List {
		list = append(list, problems.List[i].Message)
	}
	return strings.Join(list, "; ")
}

// replay judges a recording again and shows what is found.
func (c *cli) replay(name, format string, change record.Change) error {
	from, err := c.recording(name)
	if err != nil {
		return err
	}
	defer from.Close()
	out, err := record.Replay(from, change)
	if err != nil {
		hint := "a recording is a file that run writes below output/EVENT/recordings"
		return probe.WithHint(fmt.Errorf("%s: %w", name, err), hint)
	}
	result := replayReport(name, out)
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

// recording opens a file, or standard input.
func (c *cli) recording(name string) (io.ReadCloser, error) {
	if name == eventfile.StandardInput {
		return io.NopCloser(c.stdin), nil
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		hint := "recordings are below output/EVENT/recordings"
		return nil, probe.Usage(fmt.Sprintf("reading the recording: %v", err), hint)
	}
	return f, err
}

func replayReport(name string, out *record.Replayed) *report.Replay {
	r := &report.Replay{
		Check: report.Check{URL: name, Verdict: out.Verdict}, Event: out.Header.Event, From: probe.FormatTime(out.From),
		Until: probe.FormatTime(out.Until), Looks: out.Looks, Incidents: out.Incidents, Recorded: out.Recorded,
		Cut: out.Cut,
	}
	for _, m := range out.Missing {
		hole := report.Hole{From: probe.FormatTime(m.From), Until: probe.FormatTime(m.Until), Looks: m.Lines}
		r.Missing = append(r.Missing, hole)
	}
	r.Find()
	r.Sort()
	return r
}
