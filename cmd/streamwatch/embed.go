package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/provision"
)

func (c *cli) embedCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "embed EVENT.yaml|URL",
		Short: "Write the embeds only",
		Long: `Write the embeds of an event, or of a manifest by its URL, and stop: pages and
snippets for hls.js, Video.js, native playback and an iframe, set up for the
stream as its manifest is now. A stream that cannot be read yet gets embeds that
work for any stream. Each stream has a folder; index.html in it shows every embed
with the code to paste.

A URL gets the defaults. An event file says more under player: title, poster,
base (where the pages are published, which oEmbed and WordPress need) and the
rest, see docs/embeds.md.`,
		Example: "  streamwatch embed event.yaml\n  streamwatch embed https://d111111abcdef8.cloudfront.net/live/main.m3u8 --out embeds",
		Args:    argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			event, edge, err := c.eventOrURL(args[0])
			if err != nil {
				return err
			}
			dir := cmp.Or(out, event.Player.Out)
			if out == "" && !isURL(args[0]) {
				dir = filepath.Join(event.Output, event.Event, event.Player.Out)
			}
			dist := provision.Distribution{EdgeURL: edge}
			if edge == "" {
				if dist, err = c.existingEdge(cmd.Context(), event); err != nil {
					return err
				}
			}
			return c.embed(cmd.Context(), event, dist, dir)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder to write to (default: that of the event file, or embeds)")
	return cmd
}

func (c *cli) embed(ctx context.Context, event *configs.Event, dist provision.Distribution, dir string) error {
	log, err := c.log()
	if err != nil {
		return err
	}
	signer, err := c.signer(ctx, event, dist)
	if err != nil {
		return err
	}
	e := &embeds{event: event, edge: dist.EdgeURL, sign: signer, dir: dir, log: log}
	for i := range event.Streams {
		s := &event.Streams[i]
		known, err := e.write(ctx, s)
		if err != nil {
			return fmt.Errorf("embeds of %s: %w", s.Name, err)
		}
		if !known {
			log.Warn("the manifest cannot be read yet; the embeds fit any stream", zap.String("stream", s.Name))
		}
		fmt.Fprintln(c.stdout, filepath.Join(dir, s.Name))
	}
	return nil
}

func isURL(s string) bool {
	scheme, _, found := strings.Cut(s, "://")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// usable reports whether a request can be made to a URL: it has a host, and a
// port that there is.
func usable(u *url.URL) bool {
	_, err := strconv.ParseUint(cmp.Or(u.Port(), "80"), 10, 16)
	return u.Host != "" && err == nil
}

var notName = regexp.MustCompile(`[^a-z0-9-]+`)

// eventOrURL loads an event file, or makes the event of one manifest URL and
// returns its base URL too.
func (c *cli) eventOrURL(arg string) (*configs.Event, string, error) {
	if isURL(arg) {
		u, err := url.Parse(arg)
		if err != nil || !usable(u) {
			return nil, "", &usageError{"the URL cannot be read", "such as https://d111111abcdef8.cloudfront.net/live/main.m3u8"}
		}
		event := configs.Default()
		name := strings.Trim(notName.ReplaceAllString(strings.ToLower(strings.TrimSuffix(path.Base(u.Path), path.Ext(u.Path))), "-"), "-")
		event.Event = cmp.Or(name, "stream")
		event.Player.AllowSigned = u.RawQuery != ""
		event.Streams = []configs.Stream{{Name: event.Event, Manifest: configs.URL(arg), Renditions: configs.Renditions{All: true}}}
		return &event, u.Scheme + "://" + u.Host, nil
	}
	event, err := c.load(arg)
	if err != nil {
		return nil, "", err
	}
	return event, "", nil
}
