package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/inspect"
	"github.com/streamwatch/streamwatch/probe/report"
)

func (c *cli) checkCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check URL|FILE|EVENT.yaml|-",
		Short: "Watch a stream for a moment and report what is wrong",
		Long: `Watch a live stream for a moment and print what was found: every rendition is
polled at least twice, new segments are probed. With --origin the same stream is
watched at its origin too, which tells whose fault it is. Each --edge adds another
CDN in front of the same origin, and all are held against each other: "first" is
the URL's, "second" that of the first --edge, and so on. A playlist that has ended,
a VOD playlist and a local file are judged once; - reads a playlist or an event
file from standard input.

An edge or an origin that asks for headers or cookies gets them with -H (the first
edge alone), --origin-header and --cookie (all of them); each can be given more than
once, and none is shown. For headers to further edges write an event file.

Exits 0 when healthy, 3 when there is a finding of severity error or worse, and
1 when nothing could be reached, so that nothing could be judged: an unknown host,
a refused port, http for https, a dead proxy.`,
		Example: `  streamwatch check https://d111111abcdef8.cloudfront.net/live/main.m3u8
  streamwatch check https://cdn.example.com/live/main.m3u8 --origin http://live.example.com:8080 --for 1m
  streamwatch check --edge https://a.example.com/live/main.m3u8 --edge https://b.example.com/live/main.m3u8
  streamwatch check event.yaml --format junit > report.xml
  streamwatch check https://cdn.example.com/live/main.m3u8 -H 'X-Viewer: secret' --cookie session=abc
  streamwatch check playlist.m3u8
  curl -s https://cdn.example.com/vod.m3u8 | streamwatch check -`,
		Args: argument(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && len(o.Edges) > 0 { // the first of several edges may be given as the others are
				args, o.Edges = o.Edges[:1], o.Edges[1:]
			}
			if err := argument(cobra.ExactArgs(1))(cmd, args); err != nil {
				return err
			}
			if err := oneOf("format", o.format, report.Formats()...); err != nil {
				return err
			}
			if o.limit < 0 {
				return negative(o.limit)
			}
			if o.Origin != "" && !eventfile.IsURL(o.Origin) {
				return probe.Usage("--origin is not a URL", "such as http://live.example.com:8080")
			}
			result, err := c.check(cmd.Context(), args[0], o)
			if result == nil {
				return err
			}
			return errors.Join(c.showCheck(result, o.format), err)
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&o.limit, "for", 0, "how long to watch (default: 3 target durations)")
	flags.StringVar(&o.Origin, "origin", "", "the stream, or its server, at the origin")
	flags.StringArrayVar(&o.Edges, "edge", nil, "the stream, or its server, at another CDN, as `URL`")
	flags.StringArrayVarP(&o.Headers, "header", "H", nil, "header for the (first) edge, as `'Name: value'`")
	flags.StringArrayVar(&o.OriginHeaders, "origin-header", nil, "header for the origin, as `'Name: value'`")
	flags.StringArrayVar(&o.Cookies, "cookie", nil, "cookie for edge and origin, as `name=value`")
	flags.StringVar(&o.format, "format", "text", "text, json, junit, sarif or github")
	return cmd
}

type checkOptions struct {
	eventfile.Flags
	limit  time.Duration
	format string
}

// check finds out what the argument is and watches or judges it.
func (c *cli) check(ctx context.Context, arg string, o checkOptions) (*report.Check, error) {
	if err := eventfile.NotHLS(arg); err != nil {
		return nil, err
	}
	switch {
	case eventfile.IsURL(arg):
		event, err := o.Stream(arg)
		if err != nil {
			return nil, err
		}
		return c.checkEvent(ctx, event, o)
	case len(o.Edges) > 0:
		const hint = "an event file names its edges in `edges`; a playlist on this machine has none"
		return nil, probe.Usage("--edge beside a file", hint)
	case arg == eventfile.StandardInput:
		text, err := inspect.ReadText(c.stdin)
		if err != nil {
			return nil, err
		}
		if !eventfile.IsEvent(string(text)) {
			return inspect.Text(eventfile.NameOf(arg), text)
		}
		c.stdin = bytes.NewReader(text)
		return c.checkFile(ctx, arg, o)
	case strings.HasSuffix(arg, ".yaml") || strings.HasSuffix(arg, ".yml"):
		if o.Origin != "" {
			return nil, probe.Usage("--origin beside an event file", "the file names the origin")
		}
		return c.checkFile(ctx, arg, o)
	default:
		return inspect.File(arg)
	}
}

// checkFile checks the event of a file.
func (c *cli) checkFile(ctx context.Context, path string, o checkOptions) (*report.Check, error) {
	event, err := c.load(path)
	if err != nil {
		return nil, err
	}
	return c.checkEvent(ctx, event, o)
}

// checkEvent checks the streams of an event at its distribution.
func (c *cli) checkEvent(ctx context.Context, event *configs.Event, o checkOptions) (*report.Check, error) {
	reached, err := c.account().Reach(ctx, event, &o.Flags)
	if err != nil {
		return nil, err
	}
	c.goOn(reached.Stale, reached.Monitor.Edge)
	result, err := inspect.Event(ctx, inspect.Options{Monitor: reached.Monitor, For: o.limit})
	return result, errors.Join(err, reached.Close())
}

func (c *cli) showCheck(result *report.Check, format string) error {
	result.Sort()
	root, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("reading where this is: %w", err)
	}
	result.Root = root
	err = result.Write(c.stdout, format, ownVersion(), c.paint())
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	switch {
	case result.Bad():
		return errFindings
	case result.Verdict == probe.Blind && len(result.Findings) > 0:
		return probe.WithHint(inspect.ErrUnseen, "see whether this machine reaches the network, and whether the names are right")
	default:
		return nil
	}
}
