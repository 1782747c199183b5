package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/provision"
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
			if len(args) == 0 && len(o.edges) > 0 { // the first of several edges may be given as the others are
				args, o.edges = o.edges[:1], o.edges[1:]
			}
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return &usageError{text: err.Error()}
			}
			if err := oneOf("format", o.format, checkFormats...); err != nil {
				return err
			}
			if o.limit < 0 {
				return negative(o.limit)
			}
			if o.origin != "" && !isURL(o.origin) {
				return &usageError{"--origin is not a URL", "such as http://live.example.com:8080"}
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
	flags.StringVar(&o.origin, "origin", "", "the stream, or its server, at the origin")
	flags.StringArrayVar(&o.edges, "edge", nil, "the stream, or its server, at another CDN, as `URL`")
	flags.StringArrayVarP(&o.headers, "header", "H", nil, "header for the (first) edge, as `'Name: value'`")
	flags.StringArrayVar(&o.originHeaders, "origin-header", nil, "header for the origin, as `'Name: value'`")
	flags.StringArrayVar(&o.cookies, "cookie", nil, "cookie for edge and origin, as `name=value`")
	flags.StringVar(&o.format, "format", "text", "text, json, junit, sarif or github")
	return cmd
}

// checkFormats are those of --format.
var checkFormats = []string{"text", "json", "junit", "sarif", "github"}

type checkOptions struct {
	limit  time.Duration
	origin string
	edges  []string // further ones
	format string

	headers, originHeaders, cookies []string // as they were typed: secret
}

// check finds out what the argument is and watches or judges it.
func (c *cli) check(ctx context.Context, arg string, o checkOptions) (*report.Check, error) {
	if err := notHLS(arg); err != nil {
		return nil, err
	}
	switch {
	case isURL(arg):
		event, edge, err := c.eventOrURL(arg)
		if err != nil {
			return nil, err
		}
		event.Event, event.Streams[0].Name = "check", "main"
		if edge, err = place(event, edge, arg, o); err != nil {
			return nil, err
		}
		if err := given(event, edge, o); err != nil {
			return nil, err
		}
		c.know(event)
		return c.checkEvent(ctx, event, provision.Distribution{EdgeURL: edge}, o)
	case len(o.edges) > 0:
		const hint = "an event file names its edges in `edges`; a playlist on this machine has none"
		return nil, &usageError{"--edge beside a file", hint}
	case arg == standardInput:
		return c.checkInput(ctx, o)
	case strings.HasSuffix(arg, ".yaml") || strings.HasSuffix(arg, ".yml"):
		if o.origin != "" {
			return nil, &usageError{"--origin beside an event file", "the file names the origin"}
		}
		event, err := c.load(arg)
		if err != nil {
			return nil, err
		}
		return c.checkEventFile(ctx, event, o)
	default:
		return checkFile(arg)
	}
}

// place sets the event of a URL up for the edges and the origin that flags name,
// and returns the base URL of the first edge.
func place(event *configs.Event, edge, manifest string, o checkOptions) (string, error) {
	if o.origin == "" && len(o.edges) == 0 {
		return edge, nil
	}
	others, what := slices.Clone(o.edges), "--edge"
	if o.origin != "" {
		others, what = append(others, o.origin), "--origin"
	}
	list, err := bases(event, manifest, others, what)
	if err != nil {
		return "", err
	}
	if o.origin != "" {
		event.Origin.URL = configs.URL(list[len(list)-1])
	}
	if len(o.edges) > 0 {
		err = addEdges(event, o.edges, list)
	}
	return list[0], err
}

// checkEventFile brings the event's edge up, or finds it, and checks it.
func (c *cli) checkEventFile(ctx context.Context, event *configs.Event, o checkOptions) (*report.Check, error) {
	if event.Distribution.Local == nil {
		dist, err := c.existingEdge(ctx, event)
		if err == nil {
			err = given(event, dist.EdgeURL, o)
		}
		if err != nil {
			return nil, err
		}
		c.know(event)
		return c.checkEvent(ctx, event, dist, o)
	}
	if err := given(event, "", o); err != nil {
		return nil, err
	}
	c.know(event)
	s := &session{c: c, event: event}
	provider, err := s.provider(ctx)
	if err != nil {
		return nil, err
	}
	dist, err := provider.Provision(ctx, nil)
	if err != nil {
		return nil, err
	}
	serving, end := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- s.edge.Run(serving) }()
	result, err := c.checkEvent(ctx, event, dist, o)
	end()
	return result, errors.Join(err, <-served)
}

func (c *cli) showCheck(result *report.Check, format string) error {
	result.Sort()
	root, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("reading where this is: %w", err)
	}
	result.Root = root
	switch format {
	case "json":
		err = result.JSON(c.stdout)
	case "junit":
		err = result.JUnit(c.stdout)
	case "github":
		err = result.GitHub(c.stdout)
	case "sarif":
		var rules []report.Rule
		for _, check := range checks.All() {
			rules = append(rules, report.Rule{
				ID: check.ID, Summary: check.Summary, Doc: check.Doc, Spec: check.Spec, Help: check.Remedy(), Page: check.Page(),
			})
		}
		err = result.SARIF(c.stdout, ownVersion(), rules)
	default:
		err = result.Text(c.stdout, c.paint())
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	switch {
	case result.Bad():
		return errFindings
	case result.Verdict == probe.Blind && len(result.Findings) > 0:
		return &failure{errUnseen, "see whether this machine reaches the network, and whether the names are right"}
	default:
		return nil
	}
}

// verdictOf is what findings make of a stream that is not watched any more.
func verdictOf(found []report.Finding) probe.Verdict {
	v := probe.OK
	for i := range found {
		switch {
		case found[i].Severity >= probe.Critical:
			v = v.Worse(probe.Down)
		case found[i].Severity == probe.Error:
			v = v.Worse(probe.Degraded)
		}
	}
	return v
}

// readable explains why a local file cannot be read.
func readable(err error) error {
	hint := ""
	if errors.Is(err, os.ErrNotExist) {
		hint = "check takes a URL that begins with http:// or https://, a playlist or an event file"
	}
	return &usageError{fmt.Sprintf("reading the playlist: %v", err), hint}
}
