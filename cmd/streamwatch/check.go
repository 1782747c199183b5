package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

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
watched at its origin too, which shows whose fault it is. Each --edge adds another
CDN in front of the same origin, and all are compared with each other: "first" is
the URL's, "second" that of the first --edge, and so on. A playlist that has ended,
a VOD playlist and a local file are judged once; - reads a playlist or an event
file from standard input.

If the edge or the origin needs headers or cookies, pass them with -H (first edge
only), --origin-header and --cookie (all of them). Each can be repeated, and none
is ever shown. For headers to further edges write an event file.

Exits 0 when healthy, 3 for a finding of severity error or worse, and 1 when
nothing could be reached, so nothing could be judged: an unknown host, a refused
port, http for https, a dead proxy.`,
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
	forFlag(cmd, &o.limit, "how long to watch (default: 3 target durations)")
	flags.StringVar(&o.Origin, "origin", "", "the stream, or its server, at the origin")
	flags.StringArrayVar(&o.Edges, "edge", nil, "the stream, or its server, at another CDN, as `URL`")
	flags.StringArrayVarP(&o.Headers, "header", "H", nil, "header for the (first) edge, as `'Name: value'`")
	flags.StringArrayVar(&o.OriginHeaders, "origin-header", nil, "header for the origin, as `'Name: value'`")
	flags.StringArrayVar(&o.Cookies, "cookie", nil, "cookie for edge and origin, as `name=value`")
	wordFlag(flags, &o.format, "format", "text", "text, json, junit, sarif or github", report.Formats()...)
	return cmd
}

type checkOptions struct {
	eventfile.Flags
	limit  time.Duration
	format string
}

// check watches or judges what the argument names.
func (c *cli) check(ctx context.Context, arg string, o checkOptions) (*report.Check, error) {
	what, err := c.files().Subject(arg, &o.Flags)
	switch {
	case err != nil:
		return nil, err
	case what.Event == nil && arg == eventfile.StandardInput:
		return inspect.Text(eventfile.NameOf(arg), what.Text)
	case what.Event == nil:
		return inspect.File(arg)
	}
	reached, err := c.account().Reach(ctx, what.Event, &o.Flags)
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
		const hint = "see whether this machine reaches the network, and whether the names are right"
		return probe.WithHint(inspect.ErrUnseen, hint)
	default:
		return nil
	}
}
